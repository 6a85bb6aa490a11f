import { expect, test } from '@jest/globals';
import { fieldOfTime, timeOfField } from './local-time.js';

test('a field shows a time to the minute before it, and means that', () => {
  expect(timeOfField(fieldOfTime('2026-01-15T08:00:59Z'))).toBe('2026-01-15T08:00:00.000Z');
});

test.each(['', '2026-01', 'soon'])('%j is no time yet', (text) => expect(timeOfField(text)).toBeUndefined());

test('what is no time leaves the field empty', () => expect(fieldOfTime('nonsense')).toBe(''));
