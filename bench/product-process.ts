import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { end, endOf, spawnProduct } from './child-process.js';

const READY_MS = 30_000;
const LOOK_MS = 50;
const QUOTAS = [
  ...['FIRINGS_PER_MINUTE', 'DELIVERIES_PER_MINUTE', 'PENDING_DELIVERIES', 'REQUESTS_PER_MINUTE'],
  ...['PROBES_PER_MINUTE', 'WEBHOOKS', 'SUBSCRIPTIONS'],
];

/**
 * The product as it is installed: `dist/main.js`, in one of its roles, with what a bench decides of its settings.
 * `PRODUCT_FLAGS`: Node's, as `--cpu-prof`.
 */
export class ProductProcess {
  /** Rejects when it ends. */
  readonly ended: Promise<never>;

  private constructor(
    private readonly child: ChildProcess,
    readonly apiUrl: string,
    private readonly monitoringUrl: string,
  ) {
    this.ended = endOf(child);
    this.ended.catch(() => undefined); // It does, in the end.
  }

  /**
   * Resolves when it is ready. `settings` are environment variables beside those of every bench. It logs errors alone, and
   * to our own output, or everything that it logs by default, and to a file, which costs nobody else's time.
   */
  static async start(
    role: string,
    settings: Readonly<Record<string, string>>,
    { logFile }: { logFile?: string } = {},
  ): Promise<ProductProcess> {
    const [port, monitoringPort] = [await freePort(), await freePort()];
    const environment = {
      ...{ ROLE: role, INSTANCE_NAME: role, HOST: '127.0.0.1' },
      ...(logFile === undefined ? { LOG_LEVEL: 'error' } : {}),
      ...{ PORT: String(port), MON_PORT: String(monitoringPort), JWK_KEY_SET_URL: 'http://127.0.0.1:9/' },
      // What is measured is the product, not its quotas.
      ...Object.fromEntries(QUOTAS.map((name) => [`QUOTA_${name}`, '100000000'])),
      ...settings,
    };
    const output = logFile === undefined ? 'inherit' : openSync(logFile, 'a');
    const child = spawnProduct(environment, { output, flags: process.env.PRODUCT_FLAGS?.split(' ') });
    if (output !== 'inherit') closeSync(output);
    const address = (of: number) => `http://127.0.0.1:${of}`;
    const product = new ProductProcess(child, address(port), address(monitoringPort));
    await product.untilReady();
    return product;
  }

  /** As `metricOf`, now. */
  async metric(name: string): Promise<number> {
    return metricOf(await this.metrics(), name);
  }

  /** Processor time that it has taken so far, all its threads, in ms. */
  async cpuMs(): Promise<number> {
    return (await this.metric('process_cpu_seconds_total')) * 1_000;
  }

  /** All its metrics, in Prometheus' text format. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.monitoringUrl}/metrics`)).text();
  }

  stop(): Promise<void> {
    return end(this.child);
  }

  private async untilReady(): Promise<void> {
    const isReady = async () => (await fetch(`${this.monitoringUrl}/ready`)).ok;
    for (const untilMs = performance.now() + READY_MS; !(await isReady().catch(() => false)); await sleep(LOOK_MS)) {
      if (this.child.exitCode !== null) throw new Error(`the product ended with code ${this.child.exitCode}`);
      if (performance.now() > untilMs) throw new Error('the product did not become ready');
    }
  }
}

/** The sum of a metric over all its labels; 0 of one that is not there. */
export function metricOf(metrics: string, name: string): number {
  const line = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm');
  return [...metrics.matchAll(line)].reduce((sum, [, value]) => sum + Number(value), 0);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
