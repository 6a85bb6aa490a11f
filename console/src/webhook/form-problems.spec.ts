import { describe, expect, test } from '@jest/globals';
import { Problem, type Schema } from '@tripline/client';
import { failedStep, handshakeSteps } from '../endpoint/handshake-steps.js';
import { concernsFurtherOptions, fieldProblems, missingFields } from './form-problems.js';
import { EMPTY_DRAFT } from './webhook-draft.js';

function problem(more: Partial<Schema<'Problem'>>): Problem {
  const body = { type: 'x', title: 'x', status: 400, detail: 'Wrong.', message: 'x', code: 400, ...more };
  return new Problem(400, body);
}

describe('what is missing', () => {
  const whole = {
    ...EMPTY_DRAFT,
    metricName: 'speed',
    condition: 'true',
    targetURL: 'https://x',
    verificationToken: 't',
  };

  test('nothing, of a whole webhook', () => {
    expect(missingFields(whole, undefined)).toEqual({});
  });

  test.each<[string, object, string[]]>([
    ['an empty form', EMPTY_DRAFT, ['metricName', 'condition', 'targetURL', 'verificationToken']],
    ['a condition of blanks', { condition: ' \n' }, ['condition']],
    ['no endpoint', { targetKind: 'shared' }, ['endpointId']],
  ])('%s', (_, more, fields) => {
    expect(Object.keys(missingFields({ ...whole, ...more }, undefined))).toEqual(fields);
  });

  test('a webhook whose target stays needs no token', () => {
    const before = { ...whole, verificationToken: '' };
    expect(missingFields({ ...before, condition: 'false' }, before)).toEqual({});
    expect(Object.keys(missingFields({ ...before, targetURL: 'https://y' }, before))).toEqual(['verificationToken']);
  });
});

describe('what an answer says', () => {
  test('stands at the fields, the service at the metric', () => {
    const error = problem({
      errors: [
        { pointer: '#/service', detail: 'No such service.' },
        { pointer: '#/headers/X-A', detail: 'One.' },
        { pointer: '#/headers', detail: 'Two.' },
        { pointer: 'Idempotency-Key', detail: 'No field.' },
      ],
    });
    expect(fieldProblems(error)).toEqual({ metricName: 'No such service.', headers: 'One. Two.' });
    expect(concernsFurtherOptions(fieldProblems(error))).toBe(true);
  });

  test('says where a condition is wrong', () => {
    const error = problem({ errors: [{ pointer: '#/condition', detail: 'Unknown.' }], line: 2, column: 5, length: 4 });
    expect(fieldProblems(error)).toEqual({ condition: 'Line 2, column 5: Unknown.' });
    expect(concernsFurtherOptions(fieldProblems(error))).toBe(false);
  });

  test('a connection that failed is at no field', () => {
    expect(fieldProblems(new Error('offline'))).toEqual({});
  });
});

describe('the handshake', () => {
  test.each([
    ['address', ['failed', 'open', 'open', 'open', 'open']],
    ['tls', ['done', 'done', 'failed', 'open', 'open']],
    ['body', ['done', 'done', 'done', 'done', 'failed']],
    ['token', ['done', 'done', 'done', 'done', 'failed']],
  ] as const)('that failed at %s', (step, states) => {
    expect(handshakeSteps({ kind: 'failed', step }).map(({ state }) => state)).toEqual(states);
  });

  test('is ticked off when it is proven, and open before', () => {
    expect(handshakeSteps({ kind: 'proven' }).every(({ state }) => state === 'done')).toBe(true);
    expect(handshakeSteps({ kind: 'asking' }).every(({ state }) => state === 'open')).toBe(true);
  });

  test('is told from other problems', () => {
    expect(failedStep(problem({ step: 'tls' }))).toBe('tls');
    expect(failedStep(problem({}))).toBeUndefined();
    expect(failedStep(new Error('offline'))).toBeUndefined();
  });
});
