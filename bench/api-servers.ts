import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The product's REST surface and its floor, each a process, on one database. */
export interface ApiServers {
  /** `http://127.0.0.1:<port>`. */
  ours: string;
  floor: string;
  stop(): Promise<void>;
}

const FLOOR = fileURLToPath(new URL('floor/nest-api.js', import.meta.url));
const LOOK_MS = 20;

/** Starts both; `target` is what handshakes go to. */
export async function startApiServers(
  databaseUrl: string,
  target: { address: string; caPem: string },
): Promise<ApiServers> {
  const directory = mkdtempSync(join(tmpdir(), 'tripline-bench-api-'));
  const authorities = join(directory, 'authorities.pem');
  writeFileSync(authorities, target.caPem);
  // What is measured are requests, not their limits.
  const limits = ['WEBHOOKS', 'SUBSCRIPTIONS', 'REQUESTS_PER_MINUTE', 'PROBES_PER_MINUTE'];
  const environment = {
    PATH: process.env.PATH,
    ...{
      ROLE: 'api',
      HOST: '127.0.0.1',
      PORT: '0',
      MON_PORT: '0',
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: '127.0.0.1:9',
    },
    ...{ JWK_KEY_SET_URL: 'http://127.0.0.1:9/', SECRET_ENCRYPTION_KEY: randomBytes(32).toString('base64') },
    ...{ TARGET_ALLOW_CIDRS: target.address, NODE_EXTRA_CA_CERTS: authorities },
    ...Object.fromEntries(limits.map((name) => [`QUOTA_${name}`, '1000000000'])),
  };
  const children: ChildProcess[] = [];
  const start = (program: string) => {
    const log = join(directory, `${children.length}.log`);
    // Into a file, as it costs nobody else's time.
    const output = openSync(log, 'a');
    const child = spawn(process.execPath, [program], { env: environment, stdio: ['ignore', output, 'inherit'] });
    closeSync(output);
    children.push(child);
    return portIn(log, child);
  };
  const stop = async () => {
    await Promise.all(children.map(end));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const [ours, floor] = await Promise.all([start(join('dist', 'main.js')), start(FLOOR)]);
    return { ours: `http://127.0.0.1:${ours}`, floor: `http://127.0.0.1:${floor}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The port that a server says it listens on. */
async function portIn(log: string, child: ChildProcess): Promise<number> {
  for (;;) {
    const port = /"port":(\d+)(?=.*REST API|\}\n)/.exec(readFileSync(log, 'utf8'))?.[1];
    if (port !== undefined) return Number(port);
    if (child.exitCode !== null) throw new Error(`a server ended by itself: ${readFileSync(log, 'utf8')}`);
    await sleep(LOOK_MS);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
