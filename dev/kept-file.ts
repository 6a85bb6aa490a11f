import { renameSync, writeFileSync } from 'node:fs';
import { readIfPresent } from './occupy.js';

/**
 * Reads what an earlier start kept as JSON; `undefined` when there is nothing. Throws on a file that is no JSON, and says
 * what to do about it.
 */
export function readKept(path: string): unknown {
  const text = readIfPresent(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is damaged: delete it, and what it kept is made anew`, { cause });
  }
}

/** Keeps a value as JSON that only this user can read; the file is replaced as a whole. */
export function keep(path: string, value: unknown): void {
  const unfinished = `${path}.unfinished`;
  writeFileSync(unfinished, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, path);
}
