import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf } from './process-table.js';

/**
 * Marks a directory as used by this process and returns what gives it back. Throws when a living process has it, this one
 * included; `wayOut` ends the message. What a dead process left behind is taken over.
 */
export function occupy(directory: string, wayOut: string): () => void {
  const file = join(directory, 'owner');
  const owner = readIfPresent(file);
  if (owner !== undefined && owner === identityOf(Number.parseInt(owner, 10))) {
    throw new Error(
      `${directory} is in use by process ${Number.parseInt(owner, 10)}: one at a time may use it. Stop that one. ${wayOut}`,
    );
  }
  rmSync(file, { force: true });
  writeFileSync(file, identityOf(process.pid) ?? '', { flag: 'wx' });
  return () => rmSync(file, { force: true });
}

/** `undefined` when there is no such file. */
export function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
