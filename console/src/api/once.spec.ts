import { Problem } from '@tripline/client';
import { describe, expect, it } from '@jest/globals';
import { Once } from './once.js';

describe('A change', () => {
  it('that is asked for twice at once is made once', async () => {
    const keys: string[] = [];
    const once = new Once<{ name: string }, number>();
    const send = (key: string) => Promise.resolve(keys.push(key));
    const answers = await Promise.all([once.make({ name: 'a' }, send), once.make({ name: 'a' }, send)]);
    expect([keys.length, answers]).toEqual([1, [1, 1]]);
  });

  it('has a key of its own once it was answered, and where something else is asked for', async () => {
    const keys: string[] = [];
    const once = new Once<string, number>();
    const send = (key: string) => Promise.resolve(keys.push(key));
    await Promise.all([once.make('a', send), once.make('b', send)]);
    await once.make('b', send);
    expect(new Set(keys).size).toBe(3);
  });

  it('keeps its key where nobody knows whether it was made, and not where it was refused', async () => {
    const keys: string[] = [];
    const once = new Once<undefined, number>();
    const failing = (error: Error) => (key: string) => {
      keys.push(key);
      return Promise.reject(error);
    };
    const body = { type: 'about:blank', title: '', status: 400, detail: '', message: '', code: 400 };
    await once.make(undefined, failing(new TypeError('Failed to fetch'))).catch(() => undefined);
    await once.make(undefined, failing(new Problem(400, body))).catch(() => undefined);
    await once.make(undefined, (key) => Promise.resolve(keys.push(key)));
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[1]);
  });
});
