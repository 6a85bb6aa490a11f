import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createTripline, dataOf, type Schema, type Tripline } from '@tripline/client';
import { commandOf } from '../dev/process-table.js';

jest.setTimeout(120_000);

/** What `npm start` runs after the build, which came before these specs. */
const START = join(process.cwd(), 'build/dev/start.js');

const FIRING =
  /^\d\d:\d\d:\d\d {2}(Speeding|At the gate|Harsh braking|My webhook) +vehicle 100[1-5] .* (-?\d+) ms *(.*)$/;

let dataDir: string;
let env: NodeJS.ProcessEnv;
let children: ChildProcess[];

/** For the tests of one group: what starts anew finds what the one before it left. */
async function ownDirectory(): Promise<void> {
  dataDir = mkdtempSync(join(tmpdir(), 'tripline-npm-start-'));
  chmodSync(dataDir, 0o755);
  const [port, monitoringPort] = await freePorts(2);
  // Real parts that the other specs run against are not for this one: blank is not set.
  const embedded = { DATABASE_URL: '', KAFKA_BROKERS: '' };
  env = {
    ...process.env,
    ...embedded,
    TRIPLINE_DATA_DIR: dataDir,
    PORT: String(port),
    MON_PORT: String(monitoringPort),
  };
  children = [];
}

/** Ends what runs in it as well. */
async function removeDirectory(): Promise<void> {
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  }
  await nothingUnder(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** So long is waited for one thing, so that a test that hangs says for what, before its own time is over. */
const PATIENCE_MS = 90_000;

async function inTime<T>(awaited: Promise<T>, complaint: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(complaint())), PATIENCE_MS);
  });
  try {
    return await Promise.race([awaited, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A running start and what it wrote so far; `line` waits for one that matches. */
class Started {
  readonly lines: string[] = [];
  private readonly waiting: { pattern: RegExp; resolve: (match: RegExpExecArray) => void }[] = [];
  private readonly ended: Promise<unknown[]>;

  constructor(readonly child: ChildProcess) {
    this.ended = once(child, 'exit');
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        for (const { pattern, resolve } of this.waiting) {
          const match = pattern.exec(line);
          if (match) resolve(match);
        }
      });
    }
  }

  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const earlier = this.lines.map((line) => pattern.exec(line)).find((match) => match !== null);
    if (earlier) return earlier;
    const line = new Promise<RegExpExecArray>((resolve) => this.waiting.push({ pattern, resolve }));
    const end = this.ended.then(() => {
      throw new Error(`It ended before ${pattern} came:\n${this.lines.join('\n')}`);
    });
    return inTime(Promise.race([line, end]), () => `${pattern} did not come:\n${this.lines.join('\n')}`);
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    const [code] = await inTime(this.ended, () => `It did not end:\n${this.lines.join('\n')}`);
    return code as number | null;
  }
}

function start(...argv: string[]): Started {
  const child = spawn(process.execPath, [START, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return new Started(child);
}

/** As the developer whose token is printed. */
async function client(started: Started): Promise<Tripline> {
  const [, token] = await started.line(/export TOKEN=(\S+)/);
  return createTripline({ baseUrl: `http://127.0.0.1:${env.PORT}`, token: token! });
}

async function webhooks(started: Started): Promise<Schema<'Webhook'>[]> {
  return await dataOf((await client(started)).GET('/v1/webhooks'));
}

/** Resolves when no process has the directory in its command line any more: PostgreSQL's have. */
async function nothingUnder(directory: string): Promise<void> {
  while (commandLines().some((line) => line.includes(directory)))
    await new Promise((resolve) => setTimeout(resolve, 50));
}

function commandLines(): string[] {
  if (process.platform !== 'linux') return execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandOf(Number(pid)));
}

async function isListening(port: string): Promise<boolean> {
  // Somebody else's server may have the port by now, and never answer.
  return fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(5_000) }).then(
    () => true,
    () => false,
  );
}

describe('with the demo', () => {
  let started: Started;

  beforeAll(async () => {
    await ownDirectory();
    started = start();
  });
  afterAll(removeDirectory);

  test('firings arrive signed; Ctrl-C ends everything; the next start finds its webhooks again', async () => {
    const first = started;
    for (const name of ['Speeding', 'At the gate', 'Harsh braking']) {
      const [, , , remarks] = await first.line(new RegExp(FIRING.source.replace(/\(Speeding[^)]*\)/, `(${name})`)));
      expect(remarks).toBe('');
    }
    const made = await webhooks(first);
    expect(made.map(({ displayName }) => displayName).sort()).toEqual(['At the gate', 'Harsh braking', 'Speeding']);
    expect(await first.stop('SIGINT')).toBe(0);
    expect(await isListening(env.PORT!)).toBe(false);
    await nothingUnder(dataDir);
    expect(first.lines.filter((line) => /did not stop cleanly|killing|ERROR/.test(line))).toEqual([]);

    started = start();
    const [, , , remarks] = await started.line(FIRING);
    expect(remarks).toBe('');
    expect((await webhooks(started)).map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
  });

  test('a webhook whose secret was lost is made anew, not doubled', async () => {
    const before = await webhooks(started);
    expect(await started.stop('SIGTERM')).toBe(0);
    const keptFile = join(dataDir, 'demo.json');
    const kept = JSON.parse(readFileSync(keptFile, 'utf8')) as { webhooks: Record<string, object> };
    delete kept.webhooks['/speeding'];
    writeFileSync(keptFile, JSON.stringify(kept));

    started = start();
    const after = await webhooks(started);
    expect(after).toHaveLength(before.length);
    const changed = after.filter(({ id }) => !before.some((webhook) => webhook.id === id));
    expect(changed.map(({ displayName }) => displayName)).toEqual(['Speeding']);
  });

  test('the printed commands create a webhook and subscribe a vehicle, and it fires', async () => {
    await started.line(/vehicles are driving/);
    const text = started.lines.join('\n');
    const commands = text
      .slice(text.indexOf('  export TOKEN='), text.indexOf('5 vehicles'))
      .replace(/^A webhook.*$/m, '');
    const { stdout } = await promisify(execFile)('sh', ['-ec', commands], {
      env: { ...process.env, PATH: `${join(process.cwd(), 'test/support/bin')}:${process.env.PATH}` },
    });
    expect(stdout).toContain('Vehicle assigned successfully');
    const [, , , remarks] = await started.line(new RegExp(FIRING.source.replace(/\(Speeding[^)]*\)/, '(My webhook)')));
    expect(remarks).toBe('signature not checked');
  });

  test('the console is there, and its sign-in knows the developer and the demo', async () => {
    const [, url] = await started.line(/^ {2}Console +(\S+)$/);
    const page = await fetch(url!);
    expect([page.status, page.url]).toEqual([200, `http://127.0.0.1:${env.PORT}/console/`]);
    expect(await page.text()).not.toContain('CSP_NONCE');
    const { embedded } = (await (await fetch(`${url}/sign-in.json`)).json()) as {
      embedded: { token: string; license: string; demo: { vehicles: string[]; target: { url: string } } };
    };
    const { token, license, demo } = embedded;
    const me = await dataOf(createTripline({ baseUrl: `http://127.0.0.1:${env.PORT}`, token }).GET('/v1/me'));
    expect([me.license, demo.vehicles.length]).toEqual([license, 5]);
    expect(started.lines.join('\n')).toContain(demo.target.url);
  });
});

describe('without the demo', () => {
  let started: Started;

  beforeAll(async () => {
    await ownDirectory();
    started = start('--no-demo');
  });
  afterAll(removeDirectory);

  test('loopback is refused as a target', async () => {
    const made = (await client(started)).POST('/v1/webhooks', {
      body: {
        service: 'telemetry.signals',
        metricName: 'speed',
        condition: 'value > 55',
        targetURL: 'https://127.0.0.1:8443/hook',
        verificationToken: 'token',
      },
    });
    await expect(made).rejects.toMatchObject({ name: 'Problem', status: 400, body: { step: 'address' } });
  });

  test('after kill -9 nothing is left running, and the next start comes up', async () => {
    await started.line(/Ctrl-C ends everything/);
    await started.stop('SIGKILL');
    await nothingUnder(dataDir);
    while (await isListening(env.PORT!)) await new Promise((resolve) => setTimeout(resolve, 50));

    const second = start('--no-demo');
    await second.line(/Ctrl-C ends everything/);
    expect(await second.stop('SIGINT')).toBe(0);
  });
});

describe('in the middle of a start', () => {
  beforeAll(ownDirectory);
  afterAll(removeDirectory);

  test('Ctrl-C ends it, with nothing left and no complaint', async () => {
    const started = start();
    // The data directory is the first thing that a start takes.
    while (!existsSync(join(dataDir, 'owner'))) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await started.stop('SIGINT')).toBe(0);
    expect(started.lines.filter((line) => line !== '')).toEqual(['Stopping. Once more to force it.']);
  });
});
