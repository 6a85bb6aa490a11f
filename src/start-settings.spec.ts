import { describe, expect, test } from '@jest/globals';
import { readRetrySchedule } from './start-settings.js';

const read = (retrySchedule: string, eventRetentionDays: number) =>
  readRetrySchedule({ delivery: { retrySchedule }, eventRetentionDays });

describe('a schedule of retries', () => {
  test('is read', () => expect(read('1s,2m', 3)).toEqual({ delaysMs: [1_000, 120_000] }));

  test.each([
    // Two days, a tenth, and a day.
    ['48h', 4],
    ['standard', 5],
    ['stepped', 3],
  ])('%s fits events that are kept for %d days', (text, days) => {
    expect(() => read(text, days)).not.toThrow();
  });

  test.each([
    ['48h', 3, /DELIVERY_RETRY_SCHEDULE .* 3 days: shorten it, or set EVENT_RETENTION_DAYS to 4 or more/],
    ['standard', 4, /EVENT_RETENTION_DAYS to 5 or more/],
    ['49h', 30, /DELIVERY_RETRY_SCHEDULE is not valid/],
  ])('%s is refused with %d days', (text, days, message) => {
    expect(() => read(text, days)).toThrow(message);
  });
});
