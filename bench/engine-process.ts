import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { end, endOf, spawnProduct } from './child-process.js';
import type { FilledTopics } from './fleet-records.js';
import type { Reader } from './reader.js';

/** Engine processes of one consumer group that nobody has read for before. `ENGINE_FLAGS`: Node's, as `--cpu-prof`. */
export class EngineProcesses implements Reader {
  readonly ended: Promise<never>;

  private constructor(
    private readonly children: readonly { process: ChildProcess; port: number }[],
    private readonly topic: string,
  ) {
    this.ended = Promise.race(children.map(({ process }) => endOf(process)));
    this.ended.catch(() => undefined); // All of them do, in the end.
  }

  static async start(engines: {
    databaseUrl: string;
    brokers: string;
    topics: FilledTopics;
    count?: number;
  }): Promise<EngineProcesses> {
    const { databaseUrl, brokers, topics, count = 1 } = engines;
    const environment = {
      ...{ ROLE: 'engine', HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'error' },
      ...{
        DATABASE_URL: databaseUrl,
        KAFKA_BROKERS: brokers,
        KAFKA_GROUP_ID: `bench-${randomBytes(4).toString('hex')}`,
      },
      ...{ DEVICE_SIGNALS_TOPIC: topics.signals, DEVICE_EVENTS_TOPIC: topics.events },
      ...{ JWK_KEY_SET_URL: 'http://127.0.0.1:9/', SECRET_ENCRYPTION_KEY: randomBytes(32).toString('base64') },
      // What is measured is the engine, not its quota.
      ...{ QUOTA_FIRINGS_PER_MINUTE: '100000000', QUOTA_PENDING_DELIVERIES: '100000000' },
    };
    const flags = process.env.ENGINE_FLAGS?.split(' ') ?? [];
    const children: { process: ChildProcess; port: number }[] = [];
    for (let number = 0; number < count; number++) {
      const port = await freePort();
      const own = { MON_PORT: String(port), INSTANCE_NAME: `engine-${number}` };
      const child = spawnProduct({ ...environment, ...own }, { flags });
      children.push({ process: child, port });
    }
    return new EngineProcesses(children, topics.signals);
  }

  /** By their own count, which they keep for operators. */
  async read(): Promise<number> {
    const counts = await Promise.all(this.children.map(({ port }) => recordsOf(port, this.topic)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map(({ process }) => end(process)));
  }
}

async function recordsOf(port: number, topic: string): Promise<number> {
  // Nobody answers until it has started.
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  );
  return Number(new RegExp(`^tripline_records_total\\{topic="${topic}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
