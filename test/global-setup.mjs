import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '../build/dev/broker/broker.js';
import { EmbeddedPostgres } from '../build/dev/postgres/embedded-postgres.js';

const MEMORY = '/dev/shm';
/** Several times what a run takes. */
const MEMORY_NEEDED = 4 * 1024 ** 3;
/** A server whose run was killed may write for a moment yet. */
const REMOVER = 'read _; for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && exit; sleep 1; done';

/**
 * Starts what the specs run against, once for all of them, unless the environment names real ones: one PostgreSQL, in
 * which every spec file makes a database of its own, and one Kafka broker. Jest loads this file without its transforms,
 * so the parts come from build/.
 */
export default async function setUp() {
  const isInMemory = hasMemory();
  const directory = mkdtempSync(join(isInMemory ? MEMORY : tmpdir(), 'tripline-test-'));
  if (isInMemory) removeAfterwards(directory);
  // As root, PostgreSQL runs as somebody else, who has to get in.
  chmodSync(directory, 0o755);
  // What specs make for themselves goes there as well.
  process.env.TMPDIR = directory;
  const parts = { directory, stops: [] };
  globalThis.triplineTestParts = parts;

  process.env.TEST_DATABASE_URL = process.env.DATABASE_URL ?? (await startPostgres(parts));
  process.env.TEST_DATABASE_TEMPLATE = `tripline_template_${randomBytes(6).toString('hex')}`;
  process.env.TEST_KAFKA_BROKERS = process.env.KAFKA_BROKERS ?? (await startBroker(parts));
}

/**
 * Whether there is a file system in memory. Every database that a test has of its own is some hundred files, and on a
 * disk it takes ten times as long to make them.
 */
function hasMemory() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    const [, flags = 'noexec'] =
      new RegExp(`^\\S+ ${MEMORY} \\S+ (\\S+)`, 'm').exec(readFileSync('/proc/mounts', 'utf8')) ?? [];
    // Where the programs cannot be reached, they are copied to where the data are.
    return bavail * bsize >= MEMORY_NEEDED && !flags.split(',').includes('noexec');
  } catch {
    return false;
  }
}

/** Memory that nobody gives back is gone: the folder goes with this process, however it ends. */
function removeAfterwards(directory) {
  const remover = spawn('/bin/sh', ['-c', REMOVER, 'remover', directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  remover.unref();
  remover.stdin.unref();
}

async function startPostgres({ directory, stops }) {
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: 300, max_wal_size: '256MB' };
  const postgres = await EmbeddedPostgres.start({ baseDir: join(directory, 'postgres'), settings });
  stops.push(() => postgres.stop());
  // Where files are never synced, the fastest.
  process.env.TEST_DATABASE_OPTIONS = 'strategy file_copy';
  return postgres.url;
}

async function startBroker({ stops }) {
  const broker = await Broker.start({});
  stops.push(() => broker.stop());
  return broker.address;
}
