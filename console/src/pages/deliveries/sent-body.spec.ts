import { describe, expect, it } from '@jest/globals';
import { profileBody } from '../../../../src/core/profile-body.js';
import { isExact, sentBody } from './sent-body.js';

const EVENT = {
  eventId: '019bc1b8-5c10-8a3e-9d57-0c6b7c1e4f20',
  eventType: 'trigger.fired',
  payload: {
    id: '019bc1b8-5c10-8a3e-9d57-0c6b7c1e4f20',
    time: '2026-01-15T12:00:00.016Z',
    type: 'dimo.trigger',
    data: { service: 'telemetry.signals', metricName: 'speed', signal: { value: 61.5 } },
  },
};

const CASES = [
  EVENT,
  { ...EVENT, payload: { ...EVENT.payload, livemode: false } },
  { ...EVENT, eventType: 'webhook.created', payload: { ...EVENT.payload, data: { by: 'me' } } },
];

describe('the body as it was sent', () => {
  it.each(['standard', 'dimo', 'desmo', 'dembrane', 'dodev'] as const)('of %s is what the sender makes', (profile) => {
    for (const event of CASES) {
      const envelope = JSON.stringify(event.payload);
      expect(sentBody(event, profile)).toBe(profileBody({ ...event, envelope }, profile));
    }
  });

  it.each([
    [{ a: [1, { b: 2 ** 53 - 1 }] }, true],
    [{ a: [1, { b: 2 ** 53 }] }, false],
    [{ a: null, b: 'text', c: 0.5 }, true],
  ])('of %j is exact: %s', (payload, is) => {
    expect(isExact(payload)).toBe(is);
  });
});
