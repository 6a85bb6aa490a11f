import { expect, it } from '@jest/globals';
import { webhookName, webhookNames } from './webhook-names.js';

const NAMES = webhookNames([
  { id: 'a', displayName: 'Speeding', metricName: 'speed' },
  { id: 'b', displayName: '', metricName: 'speed' },
]);

it.each([
  ['a', NAMES, 'Speeding'],
  ['b', NAMES, 'speed'],
  ['c', NAMES, 'A deleted webhook'],
  ['0190aaaa-bbbb', webhookNames(undefined), 'Webhook 0190aaaa…'],
])('webhook %s is called %s', (id, names, name) => {
  expect(webhookName(id, names)).toBe(name);
});
