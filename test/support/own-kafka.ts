/** A Kafka broker of a test's own, which it may kill, freeze and restart on the same address. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import type { Certificate } from '../../dev/certificates.js';
import { freePort } from './free-port.js';
import { OwnChild } from './own-child.js';

const BROKER_FILE = new URL('own-broker.mjs', import.meta.url).pathname;
const START_PATIENCE_MS = 90_000;

/** With this it has a second listener, over TLS and with a log-in, and refuses what it has not been told to allow. */
export interface KafkaSecurity {
  certificate: Certificate;
  /** Passwords by user, for PLAIN and SCRAM-SHA-512. They may do what ACLs allow; who comes in without TLS, everything. */
  users: Record<string, string>;
}

export interface KafkaOptions {
  security?: KafkaSecurity;
  /** The folder that its own one is made in. */
  parent?: string;
  /** The embedded broker, whatever is set. */
  embedded?: boolean;
}

/** The embedded broker in a process of its own, or the Apache Kafka whose jars are in the class path `TEST_KAFKA_CLASSPATH`. */
export class OwnKafka {
  readonly address: string;
  /** Of the listener over TLS, which is there with `security` alone. */
  readonly securedAddress: string;
  private readonly child: OwnChild;

  private constructor(
    private readonly folder: string,
    port: number,
    securedPort: number,
    [program, ...flags]: Command,
  ) {
    this.address = `127.0.0.1:${port}`;
    this.securedAddress = `127.0.0.1:${securedPort}`;
    this.child = new OwnChild({
      spawn: () => spawn(program, flags, { stdio: ['pipe', 'ignore', 'ignore'] }),
      answers: () => this.answers(),
      ...{ what: 'Kafka answers', patienceMs: START_PATIENCE_MS, lastSignal: 'SIGKILL' },
    });
  }

  /** Only an Apache Kafka can have `security`. */
  static async start({ security, parent = tmpdir(), embedded = false }: KafkaOptions = {}): Promise<OwnKafka> {
    const folder = mkdtempSync(join(parent, 'tripline-kafka-'));
    try {
      const [port, securedPort] = [await freePort(), await freePort()];
      const classPath = embedded ? undefined : process.env.TEST_KAFKA_CLASSPATH;
      if (security && classPath === undefined) throw new Error('TEST_KAFKA_CLASSPATH is not set');
      const command =
        classPath === undefined
          ? embeddedCommand(folder, port)
          : await apacheCommand({ folder, port, securedPort, security, classPath });
      const kafka = new OwnKafka(folder, port, securedPort, command);
      await kafka.start().catch(async (error: unknown) => {
        await kafka.stop('SIGKILL');
        throw error;
      });
      return kafka;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Starts it again; resolves when it answers. */
  start(): Promise<void> {
    return this.child.start();
  }

  /** Shows this certificate from the next start on. */
  useCertificate(certificate: Certificate): void {
    writeKeyStore(this.folder, certificate);
  }

  /** What a user logs in with by SCRAM from now on; for connections that there are already nothing changes. */
  setScramPassword(user: string, password: string): void {
    const change = ['--alter', '--add-config', `${SCRAM}=[password=${password}]`];
    const entity = ['--entity-type', 'users', '--entity-name', user];
    const flags = ['--bootstrap-server', this.address, ...change, ...entity];
    execFileSync('java', ['-cp', process.env.TEST_KAFKA_CLASSPATH!, 'kafka.admin.ConfigCommand', ...flags], {
      stdio: 'ignore',
    });
  }

  /** SIGTERM is a clean end, SIGKILL a crash. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.child.stop(signal);
  }

  /** Whether it ended, asked or not. */
  get hasEnded(): boolean {
    return this.child.hasEnded;
  }

  async restart(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  /** From now on nothing answers, though connections stand; until `thaw`. */
  freeze(): void {
    this.child.signal('SIGSTOP');
  }

  thaw(): void {
    this.child.signal('SIGCONT');
  }

  /** Stops it for good. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async answers(): Promise<boolean> {
    const client = new Kafka({
      clientId: 'start-of-tests',
      brokers: [this.address],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });
    const admin = client.admin();
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length > 0;
    } finally {
      await admin.disconnect();
    }
  }
}

type Command = [program: string, ...flags: string[]];

function embeddedCommand(folder: string, port: number): Command {
  const options = JSON.stringify({ port, dataDir: join(folder, 'data') });
  return [process.execPath, BROKER_FILE, options];
}

interface ApacheOptions {
  folder: string;
  port: number;
  securedPort: number;
  security: KafkaSecurity | undefined;
  classPath: string;
}

/** One node that is broker and controller. Writes its properties and formats its folder. */
async function apacheCommand({ folder, port, securedPort, security, classPath }: ApacheOptions): Promise<Command> {
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
    ...(security ? securedProperties({ folder, port, securedPort, controller }, security) : {}),
  };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, lines.join(''));
  const tool = ['-cp', classPath, 'kafka.tools.StorageTool'];
  const id = execFileSync('java', [...tool, 'random-uuid'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const credentials = Object.entries(security?.users ?? {}).flatMap(([name, password]) => [
    '--add-scram',
    `${SCRAM}=[name=${name},password=${password}]`,
  ]);
  execFileSync('java', [...tool, 'format', '-t', id.trim(), '-c', file, ...credentials], { stdio: 'ignore' });
  return ['java', '-Xmx512m', '-cp', classPath, 'kafka.Kafka', file];
}

const SCRAM = 'SCRAM-SHA-512';

function securedProperties(
  { folder, port, securedPort, controller }: Record<'port' | 'securedPort' | 'controller', number> & { folder: string },
  { certificate, users }: KafkaSecurity,
): Record<string, string> {
  const listener = 'listener.name.secured';
  const passwords = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required ${passwords.join(' ')};`;
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const addresses = `PLAINTEXT://127.0.0.1:${port},SECURED://127.0.0.1:${securedPort}`;
  return {
    listeners: `${addresses},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': addresses,
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL',
    [`${listener}.sasl.enabled.mechanisms`]: `PLAIN,${SCRAM}`,
    [`${listener}.plain.sasl.jaas.config`]: plain,
    [`${listener}.${SCRAM.toLowerCase()}.sasl.jaas.config`]: scram,
    [`${listener}.ssl.keystore.type`]: 'PEM',
    [`${listener}.ssl.keystore.location`]: writeKeyStore(folder, certificate),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  };
}

function writeKeyStore(folder: string, { certPem, keyPem }: Certificate): string {
  const path = join(folder, 'own.pem');
  writeFileSync(path, `${keyPem}\n${certPem}\n`);
  return path;
}
