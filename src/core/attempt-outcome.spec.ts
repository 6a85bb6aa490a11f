import { describe, expect, test } from '@jest/globals';
import { outcomeOf, type AnswerGist, type AttemptVerdict } from './attempt-outcome.js';

describe('a status decides', () => {
  test.each<[number, AttemptVerdict['outcome'], AttemptVerdict['next']]>([
    [200, 'delivered', 'done'],
    [202, 'delivered', 'done'],
    [299, 'delivered', 'done'],
    [300, 'redirect', 'retry'],
    [307, 'redirect', 'retry'],
    [399, 'redirect', 'retry'],
    [400, 'rejected', 'retry'],
    [401, 'rejected', 'retry'],
    [404, 'rejected', 'retry'],
    [408, 'rejected', 'retry'],
    [410, 'rejected', 'give_up_endpoint'],
    [429, 'rejected', 'retry'],
    [500, 'rejected', 'retry'],
    [503, 'rejected', 'retry'],
    [600, 'rejected', 'retry'],
  ])('%i is %s: %s', (statusCode, outcome, next) => {
    const verdict = outcomeOf({ kind: 'answered', statusCode });
    expect(verdict).toMatchObject({ outcome, next, statusCode });
    expect(verdict.error === null).toBe(outcome === 'delivered');
  });
});

describe('without a status it is tried again, and the reason is told', () => {
  test.each<[Extract<AnswerGist, { kind: 'failed' }>['reason'], AttemptVerdict['outcome']]>([
    ['timeout', 'timeout'],
    ['connection', 'connection'],
    ['tls', 'tls'],
    ['dns', 'dns'],
    ['blocked', 'blocked'],
    ['body', 'connection'],
  ])('%s', (reason, outcome) => {
    expect(outcomeOf({ kind: 'failed', reason, message: 'Why.' })).toEqual({
      outcome,
      statusCode: null,
      error: 'Why.',
      next: 'retry',
    });
  });
});
