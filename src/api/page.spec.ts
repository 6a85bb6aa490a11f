import { expect, test } from '@jest/globals';
import { nextLink, pageOf, pageOfAll, pageRequest } from './page.js';

const keyOf = (entry: string) => entry;
const anyKey = (text: string) => text;

test('walking along the cursors meets each entry once, in order', () => {
  const all = ['d', 'a', 'c', 'e', 'b'];
  const met: string[] = [];
  let cursor: string | undefined;
  do {
    const page = pageOfAll(all, pageRequest({ limit: 2, ...(cursor && { cursor }) }, anyKey), keyOf);
    met.push(...page.entries);
    cursor = page.next;
  } while (cursor !== undefined);
  expect(met).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a page that ends exactly at the end names no next one', () => {
  expect(pageOf(['a', 'b'], 2, keyOf)).toEqual({ entries: ['a', 'b'], next: undefined });
  expect(pageOf(['a', 'b', 'c'], 2, keyOf).next).toBe(Buffer.from('b').toString('base64url'));
});

test('a cursor that no page named is refused', () => {
  expect(() => pageRequest({ cursor: 'nonsense' }, () => undefined)).toThrow(/cursor/);
});

test('a cursor without a limit means the default page', () => {
  expect(pageRequest({ cursor: 'YQ' }, anyKey)).toEqual({ limit: 50, after: 'a' });
});

test('the link is relative to the server', () => {
  expect(nextLink('/v1/webhooks', 2, 'YQ')).toBe('</v1/webhooks?limit=2&cursor=YQ>; rel="next"');
});
