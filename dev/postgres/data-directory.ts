import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { WAY_OUT, type Account } from './account.js';
import { ids, type Binaries } from './binaries.js';

/** The role that owns everything in the embedded server. */
export const SUPERUSER = 'tripline';

/** Where root keeps the data when the account it drops to cannot walk to the chosen directory. */
const SYSTEM_STATE_DIRECTORY = '/var/lib/tripline';

/**
 * Makes the base directory and answers the one to use: itself, or, where the account cannot reach it (under root's home),
 * one under `/var/lib/tripline` that belongs to it. That one is emptied when the chosen directory was wiped meanwhile:
 * wiping the data means all of it.
 */
export function reachableBase(chosen: string, account: Account | undefined, log: (line: string) => void): string {
  mkdirSync(chosen, { recursive: true, mode: account ? 0o755 : 0o700 });
  const base = realpathSync(chosen);
  if (!account || canEnter(base, account)) return base;
  const elsewhere = join(SYSTEM_STATE_DIRECTORY, createHash('sha256').update(base).digest('hex').slice(0, 12));
  const mark = join(base, 'elsewhere');
  if (!existsSync(mark)) {
    if (existsSync(elsewhere)) log(`${base} is new: removing the older data in ${elsewhere}`);
    rmSync(elsewhere, { recursive: true, force: true });
    writeFileSync(mark, `${elsewhere}\n`);
  }
  mkdirSync(elsewhere, { recursive: true, mode: 0o755 });
  return elsewhere;
}

/** The user id that owns the data of an earlier start, `undefined` when there is none (or it cannot be seen). */
export function ownerOfData(baseDir: string): number | undefined {
  return statSync(join(baseDir, 'data'), { throwIfNoEntry: false })?.uid;
}

/**
 * Makes the data directory with initdb, unless it is there, and answers it with the superuser's password. Initialised
 * under another name and renamed, so that there is never half a directory. Throws when an existing one belongs to another
 * user or another major version.
 */
export function ensureDataDirectory(options: {
  baseDir: string;
  account: Account | undefined;
  binaries: Binaries;
  isDurable: boolean;
}): { dataDir: string; password: string } {
  const { baseDir, account, binaries } = options;
  const dataDir = join(baseDir, 'data');
  const passwordFile = join(baseDir, 'password');
  if (!existsSync(dataDir)) initialise({ ...options, dataDir, passwordFile });
  const user = account?.uid ?? process.getuid?.();
  const owner = statSync(dataDir).uid;
  if (owner !== user) {
    throw new Error(
      `${dataDir} belongs to user id ${owner}, but PostgreSQL would run as ${user}. ` +
        `Start as the user that made it, or remove it to begin anew. ${WAY_OUT}`,
    );
  }
  const version = Number(readFileSync(join(dataDir, 'PG_VERSION'), 'utf8'));
  if (version !== binaries.majorVersion) {
    throw new Error(
      `${dataDir} was made by PostgreSQL ${version}, the embedded one is ${binaries.majorVersion}. ` +
        `Remove it to begin anew. ${WAY_OUT}`,
    );
  }
  return { dataDir, password: readFileSync(passwordFile, 'utf8').trim() };
}

function initialise(options: {
  baseDir: string;
  dataDir: string;
  passwordFile: string;
  account: Account | undefined;
  binaries: Binaries;
  isDurable: boolean;
}): void {
  const { account, binaries, dataDir, passwordFile } = options;
  const unfinished = join(options.baseDir, 'data.unfinished');
  for (const leftover of [unfinished, passwordFile]) rmSync(leftover, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (account) for (const path of [unfinished, passwordFile]) chownSync(path, account.uid, account.gid);
  const flags = [
    ...['-D', unfinished, '--username', SUPERUSER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    // Text sorts by code point and changes case by Unicode's rules, whatever the machine's locale.
    ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
    ...['--no-instructions', ...(options.isDurable ? [] : ['--no-sync'])],
  ];
  const spawning = { ...ids(account), env: binaries.environment, cwd: '/', encoding: 'utf8' as const };
  const result = spawnSync(binaries.path('initdb'), flags, spawning);
  if (result.status !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(
      `initdb failed in ${options.baseDir}: ${result.error?.message ?? result.stderr.trim()}. ${WAY_OUT}`,
    );
  }
  renameSync(unfinished, dataDir);
}

function canEnter(directory: string, account: Account): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', directory], { ...ids(account), cwd: '/' }).status === 0;
}
