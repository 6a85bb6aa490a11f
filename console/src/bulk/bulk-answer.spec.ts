import { expect, test } from '@jest/globals';
import { addUp, describeBulkResult, groupByReason, readBulkAnswer, refusedAsCsv } from './bulk-answer.js';

const refused = [
  { assetDid: 'did:1', message: 'Insufficient vehicle permissions' },
  { assetDid: 'did:2', message: 'Quota exceeded: subscriptions' },
  { assetDid: 'did:3', message: 'Insufficient vehicle permissions' },
];

test('an answer that goes on names its operation', () => {
  expect(readBulkAnswer({ operationId: 'o', message: '' })).toEqual({ kind: 'continues', operationId: 'o' });
});

test.each([
  [{ message: '', subscribed: 2, alreadySubscribed: 0 }, '2 vehicles were subscribed.'],
  [{ message: '', subscribed: 1, alreadySubscribed: 1 }, '1 vehicle was subscribed, 1 was already.'],
  [
    {
      message: '',
      subscribed: 1198,
      alreadySubscribed: 4,
      failedSubscriptions: refused,
      failedSubscriptionsOmitted: 9,
    },
    '1,198 vehicles were subscribed, 4 were already, 12 were refused.',
  ],
  [{ message: '', unsubscribed: 3 }, '3 vehicles were unsubscribed.'],
])('%j is told as: %s', (answer, expected) => {
  const result = readBulkAnswer(answer);
  expect(result.kind === 'continues' ? '' : describeBulkResult(result)).toBe(expected);
});

test('an operation that ended early says why', () => {
  const answer = { message: '', subscribed: 0, alreadySubscribed: 0, error: 'The webhook was deleted.' };
  expect(readBulkAnswer(answer)).toMatchObject({ kind: 'subscribed', error: 'The webhook was deleted.' });
});

test('several calls add up to one result', () => {
  const part = readBulkAnswer({ message: '', subscribed: 2, alreadySubscribed: 1, failedSubscriptions: refused });
  expect(addUp([part, part, { kind: 'continues', operationId: 'o' }])).toMatchObject({
    ...{ subscribed: 4, already: 2, unnamed: 0 },
    refused: [...refused, ...refused],
  });
});

test('refused ones are counted by reason, the most frequent first', () => {
  expect(groupByReason(refused)).toEqual([
    { reason: 'Insufficient vehicle permissions', count: 2 },
    { reason: 'Quota exceeded: subscriptions', count: 1 },
  ]);
});

test('refused ones are a CSV file that a spreadsheet opens without running anything', () => {
  const csv = refusedAsCsv([
    { assetDid: 'did:1', message: 'no' },
    { assetDid: '=1+1', message: 'say "no", twice' },
  ]);
  expect(csv).toBe(`vehicle,reason\r\ndid:1,no\r\n'=1+1,"say ""no"", twice"\r\n`);
});
