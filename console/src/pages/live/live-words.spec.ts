import { expect, test } from '@jest/globals';
import { TYPES, typeOptions } from './live-words.js';

test('what an address asks for can be chosen, known or not', () => {
  expect(typeOptions('delivery.*')).toEqual([...TYPES]);
  expect(typeOptions('')).toEqual([...TYPES]);
  expect(typeOptions('webhook.created,webhook.deleted').at(-1)).toEqual({
    ...{ id: 'webhook.created,webhook.deleted', text: 'webhook.created, webhook.deleted' },
  });
});
