import { createServer } from 'node:net';
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Broker } from '../broker/broker.js';
import { Demo, DEMO_LICENSE } from '../demo/demo.js';
import { occupy } from '../occupy.js';
import { EmbeddedPostgres } from '../postgres/embedded-postgres.js';
import { TokenIssuer } from '../token-issuer.js';
import { keepSignIn } from './console-sign-in.js';
import { localSecrets, type LocalSecrets } from './local-secrets.js';
import { LogFile } from './log-file.js';
import { Product } from './product.js';
import { productEnvironment } from './product-environment.js';
import { RunningParts } from './running-parts.js';
import type { StartOptions } from './start-options.js';
import { welcomeLines } from './welcome.js';

const DEVELOPER_TOKEN_SECONDS = 7 * 24 * 60 * 60;

const PORT_PATIENCE_MS = 5_000;

export interface DevelopmentStartOptions {
  options: StartOptions;
  env: Record<string, string | undefined>;
  /** The product's entry, built. */
  productFile: string;
  /** Writes a line to the terminal. */
  print: (line: string) => void;
}

interface Embedded {
  postgres: EmbeddedPostgres | undefined;
  broker: Broker | undefined;
  issuer: TokenIssuer | undefined;
}

/**
 * Everything that `npm start` brings up, in order: data directory, PostgreSQL, Kafka, token issuer, the demo's receiver,
 * the product, the demo's webhooks and fleet. It goes down in the reverse order.
 */
export class DevelopmentStart {
  private readonly parts: RunningParts;

  constructor(private readonly given: DevelopmentStartOptions) {
    this.parts = new RunningParts(given.print);
  }

  /**
   * Resolves when all is up to a promise of the end: of a sentence when a part ended though nobody asked it to. Throws
   * when something cannot start, `Interrupted` when it is being stopped meanwhile.
   */
  async run(): Promise<{ failed: Promise<string> }> {
    const { options, env, print } = this.given;
    await this.occupyDataDirectory();
    await portIsFree('PORT', options.host, options.port);
    await portIsFree('MON_PORT', options.host, options.monitoringPort);
    const secrets = localSecrets(options.dataDir);
    const embedded = await this.startEmbedded();
    const demo = options.isDemo ? await this.prepareDemo() : undefined;
    const developerToken = await embedded.issuer?.issue(DEMO_LICENSE, DEVELOPER_TOKEN_SECONDS);
    keepSignIn(options.dataDir, { license: DEMO_LICENSE, developerToken, demo });
    const product = await this.startProduct(embedded, secrets, demo);

    const adminToken = env.ADMIN_TOKEN?.trim() || secrets.adminToken;
    const brokers = embedded.broker?.address ?? env.KAFKA_BROKERS!;
    const apiUrl = urlOf(options.host, options.port);
    if (demo && developerToken) {
      const start = () =>
        demo.start({ apiUrl, developerToken, adminToken, brokers: brokers.split(','), topics: options.topics });
      await this.parts.start('The fleet', start, () => demo.stopFleet());
    }
    const lines = welcomeLines({
      apiUrl,
      hasConsole: !/^off$/i.test(env.CONSOLE?.trim() ?? ''),
      monitoringUrl: urlOf(options.host, options.monitoringPort),
      databaseUrl: embedded.postgres?.url,
      brokers,
      dataDir: options.dataDir,
      logFile: relative(process.cwd(), this.logPath('product')),
      license: DEMO_LICENSE,
      developerToken,
      adminToken,
      demo: demo && { target: demo.ownTarget, vehicles: demo.vehicles },
      noDemoReason: options.noDemoReason,
    });
    for (const line of lines) print(line);
    if (options.allowsAll) print('Every license may read every vehicle: --allow-all.');
    return { failed: this.firstFailure(product, embedded.postgres) };
  }

  /** True from the first call of `stop`. */
  get isStopping(): boolean {
    return this.parts.isStopping;
  }

  /** Stops what is up, the last first; also while it is still starting. */
  stop(): Promise<void> {
    return this.parts.stop();
  }

  private async occupyDataDirectory(): Promise<void> {
    const { dataDir } = this.given.options;
    // As root, PostgreSQL runs as somebody else, who has to get in; every secret is in a file for its owner alone.
    mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o755 : 0o700 });
    const wayOut = 'Or set TRIPLINE_DATA_DIR, PORT and MON_PORT to run a second one beside it.';
    await this.parts.start(
      'The data directory',
      () => occupy(dataDir, wayOut),
      (release) => release(),
    );
  }

  private async startEmbedded(): Promise<Embedded> {
    const { dataDir, given } = this.given.options;
    const startPostgres = () => {
      const log = new LogFile(this.logPath('postgres'));
      return EmbeddedPostgres.start({ baseDir: join(dataDir, 'postgres'), log: (line) => log.write(line) });
    };
    const startBroker = () => Broker.start({ dataDir: join(dataDir, 'kafka') });
    const startIssuer = () => TokenIssuer.start({ dataDir });
    const stop = (part: { stop(): Promise<void> }) => part.stop();
    return {
      postgres: given.database ? undefined : await this.parts.start('PostgreSQL', startPostgres, stop),
      broker: given.kafka ? undefined : await this.parts.start('Kafka', startBroker, stop),
      issuer: given.tokenIssuer ? undefined : await this.parts.start('The token issuer', startIssuer, stop),
    };
  }

  private prepareDemo(): Promise<Demo> {
    const { print, options } = this.given;
    const prepare = () => Demo.prepare({ dataDir: options.dataDir, print });
    return this.parts.start("The demo's receiver", prepare, (demo) => demo.stopReceiver());
  }

  private async startProduct(embedded: Embedded, secrets: LocalSecrets, demo: Demo | undefined): Promise<Product> {
    const { env, options, productFile, print } = this.given;
    const environment = productEnvironment({
      env,
      options,
      secrets,
      databaseUrl: embedded.postgres?.url,
      brokers: embedded.broker?.address,
      jwksUrl: embedded.issuer?.jwksUrl,
      demo,
    });
    const spawn = () => Product.spawn({ file: productFile, environment, logFile: this.logPath('product'), print });
    const product = await this.parts.start('The product', spawn, (part) => part.stop());
    await product.ready(urlOf(options.host, options.monitoringPort));
    return product;
  }

  private firstFailure(product: Product, postgres: EmbeddedPostgres | undefined): Promise<string> {
    return new Promise((resolve) => {
      const tell = (what: string) => {
        if (!this.parts.isStopping) resolve(what);
      };
      void product.ended.then(tell);
      void postgres?.ended.then((lines) => tell(`PostgreSQL ended by itself. Its last log lines:\n${lines}`));
    });
  }

  private logPath(part: string): string {
    return join(this.given.options.dataDir, 'logs', `${part}.log`);
  }
}

/** Where the product is reached from this machine. */
function urlOf(host: string, port: number): string {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  return `http://${isEverywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Throws with the name of the setting when the port is taken, and stays so for longer than a product takes whose start was
 * killed (see `leash.ts`).
 */
async function portIsFree(setting: string, host: string, port: number): Promise<void> {
  for (const until = Date.now() + PORT_PATIENCE_MS; ; await sleep(100)) {
    const error = await bindingError(host, port);
    if (error === undefined) return;
    if (error === 'EADDRINUSE' && Date.now() < until) continue;
    const why = error === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used on ${host} (${error})`;
    throw new Error(`Port ${port} ${why}. Free it, or set ${setting} to another one.`);
  }
}

/** The error code of listening on a port, `undefined` when that works. */
function bindingError(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
