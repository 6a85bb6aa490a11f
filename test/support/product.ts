/** The built product, `node dist/main.js`, as a process of its own: what the end-to-end tests talk to. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ProductOptions {
  /** Settings besides those that every test needs; undefined takes one away. */
  environment?: Record<string, string | undefined>;
  /** Told each line it logs. */
  onLine?: (line: LogLine) => void;
}

export const ADMIN_TOKEN = 'admin-token-of-the-tests-0123456789';
const ENCRYPTION_KEY = randomBytes(32).toString('base64');
const START_TIMEOUT_MS = 30_000;
const LOG_LINES_KEPT = 2_000;

export interface LogLine {
  level: string;
  msg: string;
  [field: string]: unknown;
}

/** A running product. `url` is that of the REST API, `monitorUrl` that of health and metrics. */
export class Product {
  readonly lines: LogLine[] = [];
  url = '';
  monitorUrl = '';
  private readonly waiting = new Set<(line: LogLine) => void>();
  private stderr = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly onLine: (line: LogLine) => void,
  ) {
    createInterface({ input: child.stdout! }).on('line', (line) => this.take(line));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr = (this.stderr + text).slice(-20_000)));
  }

  /** Starts the product and waits until it is ready. */
  static async start(options: ProductOptions = {}): Promise<Product> {
    const product = Product.launch(options);
    try {
      await product.ready();
      return product;
    } catch (error) {
      await product.kill();
      throw error;
    }
  }

  /** Starts the product without waiting; see `ready` and `ended`. */
  static launch({ environment = {}, onLine = () => undefined }: ProductOptions = {}): Product {
    const env: Record<string, string | undefined> = {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      MON_PORT: '0',
      LOG_LEVEL: 'info',
      SHUTDOWN_DRAIN_SECONDS: '0',
      ADMIN_TOKEN,
      SECRET_ENCRYPTION_KEY: ENCRYPTION_KEY,
      KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS,
      ...environment,
    };
    return new Product(
      spawn(process.execPath, ['--enable-source-maps', 'dist/main.js'], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
      onLine,
    );
  }

  /** Resolves when it can do the work of its role; without the REST API it has no `url`. */
  async ready(patienceMs = START_TIMEOUT_MS): Promise<void> {
    await this.logged((line) => line.msg === 'started', patienceMs);
    const api = this.lines.find((line) => line.msg === 'REST API is listening');
    const monitoring = this.lines.find((line) => line.msg === 'monitoring is listening');
    if (api) this.url = `http://127.0.0.1:${String(api.port)}`;
    this.monitorUrl = `http://127.0.0.1:${String(monitoring?.port)}`;
    const isReady = async () => (await fetch(`${this.monitorUrl}/ready`)).status === 200;
    await eventually(isReady, 'the product is ready', patienceMs);
  }

  /** The first log line that fits, past or to come. Rejects when the product ends before. */
  logged(fits: (line: LogLine) => boolean, patienceMs = START_TIMEOUT_MS): Promise<LogLine> {
    const past = this.lines.find(fits);
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const give = (line: LogLine) => {
        if (!fits(line)) return;
        done();
        resolve(line);
      };
      const fail = () => {
        done();
        reject(new Error(`the product ended (${this.child.exitCode ?? this.child.signalCode}) before: ${this.tail()}`));
      };
      const timer = setTimeout(fail, patienceMs);
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(give);
        this.child.off('exit', fail);
      };
      this.waiting.add(give);
      this.child.once('exit', fail);
      if (this.hasEnded) fail();
    });
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** SIGTERM, and the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.hasEnded) {
      this.child.kill(signal);
      await once(this.child, 'exit');
    }
    return this.child.exitCode;
  }

  /** SIGKILL: no goodbye. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.stop('SIGKILL');
  }

  /** SIGSTOP: it stands still with all that it holds, until `thaw`. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** The exit code, when the product ends by itself. */
  async ended(): Promise<number | null> {
    if (!this.hasEnded) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  /** What it said last, for messages of failing tests. */
  tail(): string {
    return [...this.lines.slice(-30).map((line) => JSON.stringify(line)), this.stderr].join('\n');
  }

  /** The value of a metric, summed over the label sets that contain `labels`. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`${this.monitorUrl}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  private take(text: string): void {
    let line: LogLine;
    try {
      line = JSON.parse(text) as LogLine;
    } catch {
      line = { level: 'fatal', msg: text };
    }
    this.lines.push(line);
    this.onLine(line);
    if (this.lines.length > LOG_LINES_KEPT) this.lines.splice(0, LOG_LINES_KEPT / 2);
    for (const give of [...this.waiting]) give(line);
  }
}

/** Asks again until the answer is true; fails with what was waited for. For states that announce themselves nowhere. */
export async function eventually(
  ask: () => Promise<boolean> | boolean,
  what: string,
  timeoutMs = 20_000,
): Promise<void> {
  const until = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < until) {
    try {
      if (await ask()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited ${timeoutMs} ms in vain: ${what}`, { cause: last });
}
