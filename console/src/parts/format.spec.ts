import { describe, expect, it } from '@jest/globals';
import { ago, duration, measured, milliseconds, moment, number, percent, plural, seconds, utc } from './format.js';

const NOW = Date.parse('2026-11-23T14:00:00.000Z');
const before = (ms: number) => new Date(NOW - ms).toISOString();

describe('numbers', () => {
  it.each([
    [number(1284), '1,284'],
    [measured(55.25), '55.25'],
    [percent(0.9124), '91.2%'],
    [percent(1), '100%'],
    [percent(null), '–'],
    [milliseconds(214.4), '214 ms'],
    [milliseconds(2140), '2.1 s'],
    [milliseconds(null), '–'],
    [plural(1, 'vehicle'), '1 vehicle'],
    [plural(1204, 'vehicle'), '1,204 vehicles'],
    [plural(2, 'delivery', 'deliveries'), '2 deliveries'],
  ])('reads %s', (text, expected) => expect(text).toBe(expected));

  it('never rounds up to all of it', () => {
    expect(percent(0.99999)).toBe('99.9%');
  });
});

describe('lengths of time', () => {
  it.each([
    [seconds(0), 'none'],
    [seconds(300), '5 minutes'],
    [seconds(90), '1 minute 30 seconds'],
    [seconds(3600), '1 hour'],
    [duration(90_061_000), '1 day 1 hour'],
    [duration(20), 'less than a second'],
  ])('reads %s', (text, expected) => expect(text).toBe(expected));
});

describe('times', () => {
  it.each([
    [ago(before(0), NOW), 'just now'],
    [ago(before(12_000), NOW), '12 s ago'],
    [ago(before(200_000), NOW), '3 min ago'],
    [ago(before(-7_300_000), NOW), 'in 2 h'],
    [ago(before(-1_000), NOW), 'in a moment'],
    [ago(before(2 * 86_400_000), NOW), '2 days ago'],
  ])('reads %s', (text, expected) => expect(text).toBe(expected));

  it('shows the date only when it is not today', () => {
    expect(moment(before(1000), NOW)).toMatch(/^\d\d:\d\d:59$/);
    expect(moment(before(3 * 86_400_000), NOW)).toMatch(/^20 Nov, \d\d:00:00$/);
    expect(moment('2025-11-20T12:00:00.000Z', NOW)).toMatch(/^20 Nov 2025, /);
  });

  it('gives the exact time in UTC', () => {
    expect(utc('2026-11-23T14:02:11.04Z')).toBe('2026-11-23 14:02:11.040 UTC');
  });
});
