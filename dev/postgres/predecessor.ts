import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readIfPresent } from '../occupy.js';
import { commandOf } from '../process-table.js';
import { WAY_OUT } from './account.js';

/** How long a predecessor may take to write its last checkpoint. */
const PREDECESSOR_PATIENCE_MS = 30_000;

/**
 * Makes sure that no server runs on a data directory whose owner is known to be dead: waits for one that is ending, ends
 * an orphan (a fast shutdown, asked of both), and removes a lock file whose process id belongs to something else by now.
 */
export async function endPredecessor(dataDir: string, log: (line: string) => void): Promise<void> {
  let asked = false;
  const until = Date.now() + PREDECESSOR_PATIENCE_MS;
  for (let pid = postmasterOf(dataDir); pid !== undefined; pid = postmasterOf(dataDir)) {
    if (Date.now() > until) {
      throw new Error(`PostgreSQL ${pid} still runs on ${dataDir} and does not end: end it by hand. ${WAY_OUT}`);
    }
    if (!asked) {
      log(`PostgreSQL ${pid} was left running on ${dataDir}: ending it`);
      interrupt(pid);
      asked = true;
    }
    await sleep(20);
  }
}

/** The process id of the server that runs on a data directory. */
function postmasterOf(dataDir: string): number | undefined {
  const file = join(dataDir, 'postmaster.pid');
  const text = readIfPresent(file);
  if (text === undefined) return undefined;
  const pid = Number.parseInt(text, 10);
  if (pid > 0 && commandOf(pid).includes(`-D ${dataDir} `)) return pid;
  rmSync(file, { force: true });
  return undefined;
}

function interrupt(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
