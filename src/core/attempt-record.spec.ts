import { expect, test } from '@jest/globals';
import { outcomeOf } from './attempt-outcome.js';
import { attemptRecord, type KeptAnswer } from './attempt-record.js';

function kept(answer: Partial<Extract<KeptAnswer, { kind: 'answered' }>>) {
  const whole = { kind: 'answered', statusCode: 200, headers: {}, body: Buffer.alloc(0), truncated: false } as const;
  const full = { ...whole, durationMs: 1, ...answer };
  return attemptRecord({ shownHeaders: { a: 'b' } }, full, outcomeOf(full));
}

test.each<[string, Buffer, boolean, string, boolean]>([
  ['a short text', Buffer.from('größe'), false, 'größe', false],
  ['a text that was cut off', Buffer.from('abc'), true, 'abc', true],
  ['nothing', Buffer.alloc(0), false, '', false],
  ['a byte order mark', Buffer.from('\ufeffabc'), false, '\ufeffabc', false],
  ['bytes that are no text', Buffer.from([0x61, 0xff, 0x62]), false, 'a\ufffdb', false],
  ['many of these', Buffer.alloc(16 * 1024, 0xff), false, '\ufffd'.repeat(5_461), true],
  ['as much as is kept', Buffer.alloc(16 * 1024, 'a'), false, 'a'.repeat(16 * 1024), false],
])('of a body, %s', (_what, body, truncated, text, isTruncated) => {
  expect(kept({ body, truncated })).toMatchObject({ responseBody: text, isTruncated });
});

test('of headers, the first 50, and 8 KiB', () => {
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`h${n}`, 'x']));
  expect(Object.keys(JSON.parse(kept({ headers: many }).responseHeaders!))).toHaveLength(50);
  const long = { a: 'x'.repeat(4_000), b: 'x'.repeat(4_000), c: 'x'.repeat(4_000) };
  expect(Object.keys(JSON.parse(kept({ headers: long }).responseHeaders!))).toEqual(['a', 'b']);
});

test('without an answer there is nothing of one', () => {
  const failed = { kind: 'failed', reason: 'dns', stage: 'connect', message: 'No.', durationMs: 5 } as const;
  expect(attemptRecord({ shownHeaders: {} }, failed, outcomeOf(failed))).toEqual({
    durationMs: 5,
    outcome: 'dns',
    statusCode: null,
    error: 'No.',
    requestHeaders: '{}',
    responseHeaders: null,
    responseBody: null,
    isTruncated: false,
  });
});
