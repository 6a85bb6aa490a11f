import { expect, test } from '@jest/globals';
import { TYPES, typeOptions, wordsOf } from './live-words.js';

test.each([
  ['webhook.updated', 'Webhook updated'],
  ['api_key.created', 'API key created'],
  ['delivery.failed', 'Delivery failed'],
])('%s is read as %s', (name, words) => {
  expect(wordsOf(name)).toBe(words);
});

test('what an address asks for can be chosen, known or not', () => {
  expect(typeOptions('delivery.*')).toEqual([...TYPES]);
  expect(typeOptions('')).toEqual([...TYPES]);
  expect(typeOptions('webhook.created,webhook.deleted').at(-1)).toEqual({
    ...{ id: 'webhook.created,webhook.deleted', text: 'webhook.created, webhook.deleted' },
  });
});
