import { describe, expect, it } from '@jest/globals';
import { fieldOfTime, timeOfField } from '../parts/local-time.js';
import { firstDraft, readDraft, recoveryProgress, recoveryResult } from './recovery.js';

const NOW = Date.parse('2026-01-15T12:00:00Z');
const own = (since: string, until = '') => ({ span: 'own', since, until });

describe('a range to recover', () => {
  it('of a span ends now, so that what is counted is what is sent', () => {
    expect(readDraft({ span: '1h', since: '', until: '' }, NOW)).toEqual({
      kind: 'ok',
      range: { since: '2026-01-15T11:00:00.000Z', until: '2026-01-15T12:00:00.000Z' },
    });
  });

  it('of one’s own ends where it says, or now', () => {
    const since = fieldOfTime('2026-01-15T08:00:00Z');
    const until = fieldOfTime('2026-01-15T09:30:00Z');
    const begin = '2026-01-15T08:00:00.000Z';
    expect(readDraft(own(since, until), NOW)).toEqual({
      kind: 'ok',
      range: { since: begin, until: '2026-01-15T09:30:00.000Z' },
    });
    expect(readDraft(own(since), NOW)).toEqual({
      kind: 'ok',
      range: { since: begin, until: '2026-01-15T12:00:00.000Z' },
    });
  });

  it.each([
    ['since', own('')],
    ['since', own('2026-01')],
    ['since', own(fieldOfTime('2026-01-16T08:00:00Z'))],
    ['until', own(fieldOfTime('2026-01-15T08:00:00Z'), fieldOfTime('2026-01-15T08:00:00Z'))],
    ['until', own(fieldOfTime('2026-01-15T08:00:00Z'), 'soon')],
  ])('says which field is wrong: %s', (field, draft) => {
    expect(readDraft(draft, NOW)).toMatchObject({ kind: 'wrong', field });
  });

  it('begins where its caller says, else a day ago', () => {
    expect(firstDraft(undefined).span).toBe('24h');
    expect(firstDraft('nonsense').span).toBe('24h');
    const draft = firstDraft('2026-01-15T08:00:59Z');
    expect(draft.span).toBe('own');
    // To the minute before, so that nothing is left out.
    expect(timeOfField(draft.since)).toBe('2026-01-15T08:00:00.000Z');
  });
});

describe('how far a recovery is', () => {
  it.each([
    [
      212,
      { count: 53, isMore: false },
      { isDone: false, share: 0.75, words: '53 deliveries of this time still wait.' },
    ],
    [212, { count: 1, isMore: false }, { isDone: false, words: '1 delivery of this time still waits.' }],
    [212, { count: 0, isMore: false }, { isDone: true, share: 1 }],
    [212, { count: 500, isMore: true }, { isDone: false, share: 0, words: 'More than 500 still wait to be sent.' }],
    [2, { count: 9, isMore: false }, { isDone: false, share: 0 }],
  ])('of %i', (most, waiting, progress) => {
    expect(recoveryProgress(most, waiting)).toMatchObject(progress);
  });

  it.each([
    [0, /Everything/],
    [1, /^1 delivery .* did not arrive/],
  ])('and what came of it, with %i that did not arrive', (undelivered, words) => {
    expect(recoveryResult(undelivered)).toMatch(words);
  });
});
