import { expect, test } from '@jest/globals';
import { describePrevious, withUnit } from './value-text.js';

const event = { source: '', metadata: '', durationNs: '0', tags: [] };

test.each([
  [59, 'km/h', '59 km/h'],
  [1234.5, 'km', '1,234.5 km'],
  [0, '', '0'],
  [80, 'percent', '80 %'],
  ['ELECTRIC', '', 'ELECTRIC'],
  ['', '', 'an empty text'],
  [{ latitude: 52.52, longitude: 13.405, hdop: 0, heading: 0 }, '', '52.52000, 13.40500'],
  [{ ...event, durationNs: '1500000000', metadata: '{"g":0.5}' }, '', '1.5 s · {"g":0.5}'],
  [{ ...event, source: '0xabc' }, '', 'from 0xabc'],
  [event, '', 'an event without details'],
])('the previous value %j in %j is shown as %s', (previous, unit, expected) => {
  expect(describePrevious(previous, unit)).toBe(expected);
});

test('a unit without a sign is shown by its name', () => {
  expect(withUnit(2, 'g/s')).toBe('2 g/s');
});
