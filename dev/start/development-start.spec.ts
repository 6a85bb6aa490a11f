import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { identityOf } from '../process-table.js';
import { DevelopmentStart } from './development-start.js';
import { readStartOptions } from './start-options.js';

/** Stands for the product where only its life and death matter: is ready, writes a log, ends when it is told to. */
const STAND_IN = `
  import { createServer } from 'node:http';
  const log = (level, msg) => console.log(JSON.stringify({ level, msg, pid: process.pid }));
  createServer((_, response) => response.end('{"ready":true}')).listen(process.env.MON_PORT, process.env.HOST);
  log("info", 'started with ' + Object.keys(process.env).filter((name) => name.startsWith('TARGET_')));
  log("warn", 'a warning');
  process.on('SIGTERM', () => { log("warn", 'told to end'); process.exit(0); });
  process.on('SIGUSR2', () => { log("error", 'broken'); process.exit(3); });`;

let dataDir: string;
let env: Record<string, string>;
let printed: string[];
let starts: DevelopmentStart[];

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tripline-start-'));
  chmodSync(dataDir, 0o755);
  writeFileSync(join(dataDir, 'stand-in.mjs'), STAND_IN);
  const [port, monitoringPort] = [await holdPort(), await holdPort()];
  for (const { server } of [port, monitoringPort]) await close(server);
  env = { TRIPLINE_DATA_DIR: dataDir, PORT: String(port.port), MON_PORT: String(monitoringPort.port) };
  printed = [];
  starts = [];
});

afterEach(async () => {
  for (const start of starts) await start.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

function startOf(argv: string[]): DevelopmentStart {
  const read = readStartOptions(argv, env);
  if (read.kind === 'invalid') throw new Error(read.errors.join('; '));
  const productFile = join(dataDir, 'stand-in.mjs');
  const start = new DevelopmentStart({ options: read.options, env, productFile, print: (line) => printed.push(line) });
  starts.push(start);
  return start;
}

async function holdPort(port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

const productLog = () => readFileSync(join(dataDir, 'logs/product.log'), 'utf8');
const productPid = () => (JSON.parse(productLog().split('\n')[0]!) as { pid: number }).pid;

test('a start without the demo prints addresses and tokens, shows warnings, and has no receiver, webhooks or vehicles', async () => {
  const start = startOf(['--no-demo']);
  await start.run();
  const text = printed.join('\n');
  expect(text).toContain(`http://127.0.0.1:${env.PORT}/swagger`);
  expect(text).toMatch(/export TOKEN=\S+\.\S+\.\S+\n/);
  expect(text).toMatch(/export ADMIN_TOKEN=\S{16,}\n/);
  expect(text).toContain('/v1/admin/grants/');
  expect(text).not.toContain('driving');
  expect(printed).toContain('product warning: a warning');
  expect(productLog()).toContain('"started with "');

  await start.stop();
  expect(printed.at(-1)).toBe('product warning: told to end');
  expect(identityOf(productPid())).toBeUndefined();
});

test('secrets are for their owner alone and stay the same from start to start', async () => {
  const tokens: string[] = [];
  for (let round = 0; round < 2; round++) {
    printed = [];
    const start = startOf(['--no-demo']);
    await start.run();
    tokens.push(/export ADMIN_TOKEN=(\S+)/.exec(printed.join('\n'))![1]!);
    await start.stop();
  }
  expect(tokens[0]).toBe(tokens[1]);
  expect(statSync(join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600);
});

describe('a start is refused', () => {
  test.each(['PORT', 'MON_PORT'])('when %s is taken, naming the setting', async (setting) => {
    const { server } = await holdPort(Number(env[setting]));
    try {
      await expect(startOf(['--no-demo']).run()).rejects.toThrow(`set ${setting} to another one`);
    } finally {
      await close(server);
    }
  });

  test('when another one has the data directory', async () => {
    await startOf(['--no-demo']).run();
    await expect(startOf(['--no-demo']).run()).rejects.toThrow(/in use by process \d+.*TRIPLINE_DATA_DIR/);
  });

  test('when the product ends before it is ready, with what it wrote', async () => {
    writeFileSync(join(dataDir, 'stand-in.mjs'), `console.error('DATABASE_URL is wrong'); process.exit(2);`);
    await expect(startOf(['--no-demo']).run()).rejects.toThrow(/ended with exit code 2.*DATABASE_URL is wrong/s);
  });
});

test('a product that dies is told with its last log lines', async () => {
  const { failed } = await startOf(['--no-demo']).run();
  process.kill(productPid(), 'SIGUSR2');
  expect(await failed).toMatch(/The product ended with exit code 3.*"broken"/s);
});

test('a start that is stopped in the middle leaves nothing running', async () => {
  const start = startOf(['--no-demo']);
  const running = start.run();
  await start.stop();
  await expect(running).rejects.toThrow();
  await startOf(['--no-demo']).run();
});

test('when the start is killed, the product ends by itself', async () => {
  const module = pathToFileURL(join(process.cwd(), 'build/dev/start/product.js')).href;
  const options = {
    file: join(dataDir, 'stand-in.mjs'),
    environment: { ...env, HOST: '127.0.0.1' },
    logFile: join(dataDir, 'logs/product.log'),
  };
  const script = `
    import { Product } from ${JSON.stringify(module)};
    const product = Product.spawn({ ...${JSON.stringify(options)}, print: () => undefined });
    await product.ready('http://127.0.0.1:${env.MON_PORT}');
    console.log('ready');`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(createInterface({ input: owner.stdout }), 'line');
  const pid = productPid();
  expect(identityOf(pid)).toBeDefined();
  owner.kill('SIGKILL');
  await ending(pid);
});

/** Another's child has no event to wait for. */
async function ending(pid: number): Promise<void> {
  while (identityOf(pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
}
