import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_MS = 30_000;
const LOOK_MS = 50;

/** The product as it is installed: `dist/main.js`, in one of its roles, with what a bench decides of its settings. */
export class ProductProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly apiUrl: string,
    private readonly monitoringUrl: string,
  ) {}

  /** Resolves when it is ready. `settings` are environment variables beside those of every bench. */
  static async start(role: string, settings: Readonly<Record<string, string>>): Promise<ProductProcess> {
    const [port, monitoringPort] = [await freePort(), await freePort()];
    const child = spawn(process.execPath, ['dist/main.js'], {
      env: {
        PATH: process.env.PATH,
        ...{ ROLE: role, INSTANCE_NAME: role, HOST: '127.0.0.1', LOG_LEVEL: 'error' },
        ...{ PORT: String(port), MON_PORT: String(monitoringPort), JWK_KEY_SET_URL: 'http://127.0.0.1:9/' },
        // What is measured is the product, not its quotas.
        ...{ QUOTA_FIRINGS_PER_MINUTE: '100000000', QUOTA_DELIVERIES_PER_MINUTE: '100000000' },
        ...{ QUOTA_PENDING_DELIVERIES: '100000000', QUOTA_REQUESTS_PER_MINUTE: '100000000' },
        ...settings,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const address = (of: number) => `http://127.0.0.1:${of}`;
    const product = new ProductProcess(child, address(port), address(monitoringPort));
    await product.untilReady();
    return product;
  }

  /** As `metricOf`, now. */
  async metric(name: string): Promise<number> {
    return metricOf(await this.metrics(), name);
  }

  /** All its metrics, in Prometheus' text format. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.monitoringUrl}/metrics`)).text();
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
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
