import { describe, expect, it } from '@jest/globals';
import { causeOf, groupByCause } from './causes.js';
import type { FailedDelivery } from './causes.js';

function delivery(id: string, fields: Partial<FailedDelivery> = {}): FailedDelivery {
  const createdAt = `2026-01-15T12:00:0${id}.000Z`;
  return { id, status: 'failed', endpointId: 'e', createdAt, lastStatusCode: null, lastError: null, ...fields };
}

const REFUSED = { lastError: 'The connection failed (ECONNREFUSED).' };

describe('causes of what did not arrive', () => {
  it('are groups of the same words, the most frequent first', () => {
    const rows = [
      delivery('5', { lastStatusCode: 503, lastError: 'Answered 503.' }),
      delivery('4', REFUSED),
      delivery('3', { status: 'delivered', lastStatusCode: 200 }),
      delivery('2', { ...REFUSED, endpointId: 'other' }),
    ];
    const groups = groupByCause(rows).map(({ words, rows, endpointCount }) => [words, rows.length, endpointCount]);
    expect(groups).toEqual([
      ['connection refused', 2, 2],
      ['answered 503', 1, 1],
    ]);
  });

  it('say from when until when', () => {
    const [group] = groupByCause([delivery('1', REFUSED), delivery('4', REFUSED), delivery('2', REFUSED)]);
    expect(group).toMatchObject({ firstAt: '2026-01-15T12:00:01.000Z', lastAt: '2026-01-15T12:00:04.000Z' });
  });

  it('in equal numbers begin with the latest', () => {
    const rows = [delivery('1', REFUSED), delivery('2', { lastStatusCode: 500 })];
    expect(groupByCause(rows).map(({ words }) => words)).toEqual(['answered 500', 'connection refused']);
  });

  it.each([
    ['held', 'endpoint switched off'],
    ['cancelled', 'cancelled'],
    ['failed', 'not known'],
    ['pending', undefined],
    ['delivered', undefined],
  ])('without an error, of a %s one, is %s', (status, words) => {
    expect(causeOf(delivery('1', { status }))?.words).toBe(words);
  });

  it('are what was met, before what the status says', () => {
    expect(causeOf(delivery('1', { status: 'held', ...REFUSED }))?.words).toBe('connection refused');
    expect(causeOf(delivery('1', { status: 'pending', ...REFUSED }))?.words).toBe('connection refused');
  });
});
