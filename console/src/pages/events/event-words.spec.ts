import { describe, expect, it } from '@jest/globals';
import { eventDetail, operationOf, whoDid } from './event-words.js';

describe('the detail of an entry', () => {
  it.each([
    ['trigger.fired', { data: { metricName: 'speed', signal: { value: 61.5 } } }, 'speed 61.5'],
    ['trigger.fired', { data: { metricName: 'gear', signal: { value: 'P' } } }, 'gear P'],
    ['trigger.fired', { data: { metricName: 'place', signal: { value: { latitude: 1 } } } }, 'place'],
    ['trigger.fired', { data: { metricName: 'HarshBraking', event: {} } }, 'HarshBraking'],
    ['trigger.fired', {}, undefined],
    ['webhook.updated', { changed: ['condition', 'targetURL'], revision: 2 }, 'condition, targetURL'],
    ['delivery.recovered', { count: 1204 }, '1,204'],
    ['api_key.created', { name: 'CI' }, 'CI'],
    ['quota.exceeded', { limit: 'firingsPerMinute', most: 60 }, 'firingsPerMinute'],
    ['webhook.failing', { percent: 50 }, '50 %'],
    ['endpoint.deleted', { url: 'https://a.example' }, 'https://a.example'],
    ['webhook.created', {}, undefined],
  ])('%s with %j is %s', (type, data, detail) => {
    expect(eventDetail({ type, data })).toBe(detail);
  });
});

it.each([
  [undefined, 'By itself'],
  [{ license: '0x' }, 'Developer token'],
  [{ license: '0x', keyId: 'known' }, 'CI'],
  [{ license: '0x', keyId: '0190aaaa-bbbb' }, 'Key 0190aaaa…'],
])('who did it: %j is %s', (actor, who) => {
  expect(whoDid(actor ? { actor } : {}, new Map([['known', 'CI']]))).toBe(who);
});

it('an operation is named where there is one', () => {
  expect(operationOf({ data: { operationId: 'x' } })).toBe('x');
  expect(operationOf({ data: {} })).toBeUndefined();
});
