import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { accountToRunAs } from './account.js';
import { nativeDirectory } from './binaries.js';
import { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.js';
import { identityOf } from '../process-table.js';

const isRoot = process.getuid?.() === 0;
/** Rules that only root can break, or only Linux: elsewhere there is nothing to test. */
const asRoot = isRoot ? test : undefined;
const onLinux = process.platform === 'linux' ? test : undefined;
const NOBODY = 65_534;

let baseDir: string;
let running: EmbeddedPostgres[];
let owners: ChildProcess[];

beforeEach(() => {
  baseDir = mkdtempSync(join(tmpdir(), 'tripline-postgres-'));
  chmodSync(baseDir, 0o755);
  running = [];
  owners = [];
});

afterEach(async () => {
  for (const owner of owners) owner.kill('SIGKILL');
  for (const postgres of running) await postgres.stop();
  rmSync(baseDir, { recursive: true, force: true });
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const postgres = await EmbeddedPostgres.start({ baseDir, ...options });
  running.push(postgres);
  return postgres;
}

async function query<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/**
 * Starts the launcher in a Node process of its own, which runs `body` with `postgres` and `client` in scope and writes
 * lines; answers the process and its lines. Runs from build/, as every user of the launcher does.
 */
function ownerProcess(body: string, spawning: SpawnOptions = {}, options: object = { baseDir }) {
  const built = pathToFileURL(join(process.cwd(), 'build/dev/postgres/embedded-postgres.js')).href;
  const script = `
    import pg from 'pg';
    import { EmbeddedPostgres } from ${JSON.stringify(built)};
    const postgres = await EmbeddedPostgres.start(${JSON.stringify(options)});
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...spawning,
  });
  owners.push(child);
  const errors: string[] = [];
  child.stderr!.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  return { child, errors, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

const postmasterPid = () => Number(readFileSync(join(baseDir, 'data/postmaster.pid'), 'utf8').split('\n')[0]);

describe('a start', () => {
  test('gives a PostgreSQL 18 with the database that was asked for, reachable by its URL alone', async () => {
    const { url } = await start({ database: 'some database' });
    const rows = await query(
      url,
      "select current_database() as name, current_setting('server_version_num')::int / 10000 as major",
    );
    expect(rows).toEqual([{ name: 'some database', major: 18 }]);
  });

  test('keeps the password in a file that only the server’s account can read', async () => {
    const { url } = await start();
    expect(statSync(join(baseDir, 'password')).mode & 0o777).toBe(0o600);
    expect(url).toContain(readFileSync(join(baseDir, 'password'), 'utf8').trim());
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test('listens on loopback only, with the settings given', async () => {
    const { url } = await start({ settings: { fsync: 'off', max_connections: 17 } });
    const [row] = await query(
      url,
      `select current_setting('listen_addresses') as addresses, current_setting('unix_socket_directories') as sockets,
              current_setting('max_connections') as connections, current_setting('fsync') as fsync`,
    );
    expect(row).toEqual({ addresses: '127.0.0.1', sockets: '', connections: '17', fsync: 'off' });
  });

  test('after a stop finds every row again', async () => {
    const first = await start();
    await query(first.url, 'create table kept (n int); insert into kept values (42)');
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select n from kept')).toEqual([{ n: 42 }]);
  });

  test('is refused while another has the directory, at once and with the way out', async () => {
    await start();
    await expect(EmbeddedPostgres.start({ baseDir })).rejects.toThrow(
      new RegExp(`is in use by process ${process.pid}: .*DATABASE_URL`),
    );
  });

  test('is refused while another process has the directory', async () => {
    const { child, lines } = ownerProcess(`console.log('up'); setInterval(() => undefined, 1000);`);
    await lines.next();
    await expect(EmbeddedPostgres.start({ baseDir })).rejects.toThrow(`in use by process ${child.pid}`);
  });

  test('with settings that the server refuses fails with the server’s words and leaves the directory free', async () => {
    await expect(start({ settings: { max_connections: 'many' } })).rejects.toThrow(/max_connections.*DATABASE_URL/s);
    await start();
  });

  test('on data of another major version says so', async () => {
    await (await start()).stop();
    writeFileSync(join(baseDir, 'data/PG_VERSION'), '15\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 15, the embedded one is 18.*DATABASE_URL/s);
  });

  test('removes a lock file whose process id belongs to another program by now', async () => {
    const first = await start();
    const lock = readFileSync(join(baseDir, 'data/postmaster.pid'), 'utf8');
    await first.stop();
    writeFileSync(join(baseDir, 'data/postmaster.pid'), lock.replace(/^\d+/, String(process.pid)));
    await start();
  });
});

describe('when the owning process is killed', () => {
  test('the server stops, and every acknowledged row is there after the next start', async () => {
    const { child, lines } = ownerProcess(`
      await client.query('create table acknowledged (n int)');
      for (let n = 1; ; n++) { await client.query('insert into acknowledged values ($1)', [n]); console.log(n); }`);
    let acknowledged = 0;
    for (let count = 0; count < 200; count++) acknowledged = Number((await lines.next()).value);
    const pid = postmasterPid();
    child.kill('SIGKILL');
    for (let line = await lines.next(); !line.done; line = await lines.next()) acknowledged = Number(line.value);

    const { url } = await start();
    expect(postmasterPid()).not.toBe(pid);
    expect(identityOf(pid)).toBeUndefined();
    const [row] = await query<{ rows: number; last: number }>(
      url,
      'select count(*)::int as rows, max(n) as last from acknowledged',
    );
    expect(row!.last).toBeGreaterThanOrEqual(acknowledged);
    expect(row!.rows).toBe(row!.last);
  });

  // Looks into /proc for the processes to kill.
  onLinux?.('and nothing was left to end the server, the next start ends the orphan', async () => {
    const { child, lines } = ownerProcess(`console.log('up'); setInterval(() => undefined, 1000);`);
    await lines.next();
    const orphan = postmasterPid();
    const supervisor = Number(readFileSync(`/proc/${orphan}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[1]);
    const children = readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8')
      .trim()
      .split(' ')
      .map(Number);
    for (const pid of [supervisor, ...children.filter((pid) => pid !== orphan)]) process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const log: string[] = [];
    await start({ log: (line) => log.push(line) });
    expect(log[0]).toContain(`PostgreSQL ${orphan} was left running`);
    expect(identityOf(orphan)).toBeUndefined();
  });
});

test('a server that ends by itself is told, and the directory is free again', async () => {
  const { ended } = await start();
  process.kill(postmasterPid(), 'SIGTERM');
  expect(await ended).toContain('shut down');
  await start();
});

describe('as an ordinary user', () => {
  const spawning = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const hand = (path: string) => isRoot && chownSync(path, NOBODY, NOBODY);

  test('the server runs as that user', async () => {
    hand(baseDir);
    const { lines } = ownerProcess(
      `console.log((await client.query('select 1 as one')).rows[0].one); process.exit();`,
      spawning,
    );
    expect((await lines.next()).value).toBe('1');
    expect(statSync(join(baseDir, 'data')).uid).toBe(isRoot ? NOBODY : process.getuid!());
  });

  test('the server runs although the library links are missing and node_modules is read-only', async () => {
    const nativeDir = withoutLinks(join(baseDir, 'native-without-links'));
    chmodSync(join(nativeDir, 'lib'), 0o555);
    mkdirSync(join(baseDir, 'base'));
    hand(join(baseDir, 'base'));
    const options = { baseDir: join(baseDir, 'base'), nativeDir };
    const { lines, errors } = ownerProcess(`console.log('up'); process.exit();`, spawning, options);
    expect([(await lines.next()).value, errors]).toEqual(['up', []]);
    chmodSync(join(nativeDir, 'lib'), 0o755);
    expect(existsSync(join(nativeDir, 'lib/libpq.so.5'))).toBe(false);
  });
});

test('missing library links are made', async () => {
  const nativeDir = withoutLinks(join(baseDir, 'native-without-links'));
  await start({ nativeDir });
  expect(existsSync(join(nativeDir, 'lib/libpq.so.5'))).toBe(true);
});

asRoot?.('as root under a directory that only root can enter, binaries and data are kept elsewhere', async () => {
  chmodSync(baseDir, 0o700);
  const nativeDir = withoutLinks(join(baseDir, 'hidden'));
  const options = { baseDir: join(baseDir, 'base'), nativeDir };
  const first = await start(options);
  const elsewhere = dirname(first.dataDir);
  try {
    expect(elsewhere).toMatch(/^\/var\/lib\/tripline\//);
    await query(first.url, 'create table kept ()');
    await first.stop();

    const second = await start(options);
    expect(await query(second.url, 'select * from kept')).toEqual([]);
    await second.stop();

    rmSync(options.baseDir, { recursive: true });
    const third = await start(options);
    await expect(query(third.url, 'select * from kept')).rejects.toMatchObject({ code: '42P01' });
    await third.stop();
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
});

describe('what cannot work is refused with DATABASE_URL as the way out', () => {
  test('a platform without binaries', () => {
    expect(() => nativeDirectory('plan9', 'mips')).toThrow(/plan9-mips.*DATABASE_URL/);
  });

  asRoot?.('a user id without an entry in /etc/passwd', async () => {
    chownSync(baseDir, 54_321, 54_321);
    const { child, errors } = ownerProcess('', { uid: 54_321, gid: 54_321 });
    await once(child, 'close');
    expect(errors.join('')).toMatch(/user id 54321 has no entry in \/etc\/passwd.*DATABASE_URL/);
  });

  asRoot?.('root without an account to drop to', () => {
    expect(() => accountToRunAs(undefined, [{ name: 'root', uid: 0, gid: 0 }])).toThrow(/as root.*DATABASE_URL/s);
  });
});

asRoot?.('root runs the server as the owner of the data, when there is one', () => {
  const passwd = [
    { name: 'postgres', uid: 101, gid: 104 },
    { name: 'ada', uid: 1000, gid: 1000 },
  ];
  expect(accountToRunAs(1000, passwd)?.name).toBe('ada');
  expect(accountToRunAs(undefined, passwd)?.name).toBe('postgres');
  expect(accountToRunAs(4711, passwd)?.name).toBe('postgres');
});

/** A copy of the installed binaries as npm unpacks them: without the links that an install script would make. */
function withoutLinks(directory: string): string {
  const native = nativeDirectory();
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
  const targets = new Set(links.map(({ target }) => join(native, '..', target)));
  cpSync(native, directory, { recursive: true, filter: (source) => !targets.has(source) });
  return directory;
}
