import { expect, test } from '@jest/globals';
import { byName, nameOf, webhookName, webhookNames } from './webhook-name.js';

const named = (displayName: string, id = 'some id') => ({ id, displayName, metricName: 'speed' });
const NAMES = webhookNames([named('Speeding', 'a'), named('b', 'b')]);

test('a webhook without a name is called by its metric', () => {
  expect(nameOf(named('1', '1'))).toBe('Webhook on speed');
  expect(nameOf(named('Fast', '1'))).toBe('Fast');
});

test('names are in the order in which people count', () => {
  const sorted = [named('Area 10'), named('speeding'), named('Area 9')].sort(byName);
  expect(sorted.map(nameOf)).toEqual(['Area 9', 'Area 10', 'speeding']);
});

test.each([
  ['a', NAMES, 'Speeding'],
  ['b', NAMES, 'Webhook on speed'],
  ['c', NAMES, 'A deleted webhook'],
  ['0190aaaa-bbbb', webhookNames(undefined), 'Webhook 0190aaaa…'],
])('what names webhook %s says %s', (id, names, name) => expect(webhookName(id, names)).toBe(name));
