/** A Kafka broker of a test's own, which it may kill, freeze and restart on the same address. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { freePort } from './free-port.js';
import { eventually } from './product.js';

const BROKER_FILE = new URL('own-broker.mjs', import.meta.url).pathname;
const START_PATIENCE_MS = 90_000;

/** The embedded broker in a process of its own, or the Apache Kafka whose jars are in the class path `TEST_KAFKA_CLASSPATH`. */
export class OwnKafka {
  readonly address: string;
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    port: number,
    private readonly command: () => [program: string, ...flags: string[]],
  ) {
    this.address = `127.0.0.1:${port}`;
  }

  static async start(): Promise<OwnKafka> {
    const folder = mkdtempSync(join(tmpdir(), 'tripline-kafka-'));
    const port = await freePort();
    const classPath = process.env.TEST_KAFKA_CLASSPATH;
    const command =
      classPath === undefined ? embeddedCommand(folder, port) : await apacheCommand(folder, port, classPath);
    const kafka = new OwnKafka(folder, port, command);
    await kafka.start();
    return kafka;
  }

  /** Starts it again; resolves when it answers. */
  async start(): Promise<void> {
    const [program, ...flags] = this.command();
    this.child = spawn(program, flags, { stdio: ['pipe', 'ignore', 'ignore'] });
    const client = new Kafka({
      clientId: 'start-of-tests',
      brokers: [this.address],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });
    const answers = async () => {
      const admin = client.admin();
      try {
        await admin.connect();
        return (await admin.describeCluster()).brokers.length > 0;
      } finally {
        await admin.disconnect();
      }
    };
    await eventually(answers, 'Kafka answers', START_PATIENCE_MS);
  }

  /** SIGTERM is a clean end, SIGKILL a crash. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async restart(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  /** From now on nothing answers, though connections stand; until `thaw`. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Stops it for good. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function embeddedCommand(folder: string, port: number): () => [string, ...string[]] {
  const options = JSON.stringify({ port, dataDir: join(folder, 'data') });
  return () => [process.execPath, BROKER_FILE, options];
}

/** One node that is broker and controller. Writes its properties and formats its folder. */
async function apacheCommand(folder: string, port: number, classPath: string): Promise<() => [string, ...string[]]> {
  const controller = await freePort();
  const file = join(folder, 'server.properties');
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': join(folder, 'log'),
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'auto.create.topics.enable': 'false',
  };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''));
  const tool = ['-cp', classPath, 'kafka.tools.StorageTool'];
  const id = execFileSync('java', [...tool, 'random-uuid'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  execFileSync('java', [...tool, 'format', '-t', id.trim(), '-c', file], { stdio: 'ignore' });
  return () => ['java', '-Xmx512m', '-cp', classPath, 'kafka.Kafka', file];
}
