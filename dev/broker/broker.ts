import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { BrokerOptions } from './broker-server.js';

/** A worker thread needs JavaScript: under a test runner that compiles in memory it is the built file. */
const WORKER_FILE = import.meta.url.endsWith('.ts') ? '../../build/dev/broker/broker-worker.js' : './broker-worker.js';

/**
 * A Kafka broker for development and tests in a thread of its own, so that neither slows the other down.
 * {@link BrokerServer} is the same broker in this thread, with hooks for tests.
 */
export class Broker {
  private constructor(
    /** "host:port", to connect to. */
    readonly address: string,
    private readonly worker: Worker,
  ) {}

  /** Resolves once the broker accepts connections. Rejects when it cannot start. It does not keep the process alive. */
  static async start(options: BrokerOptions = {}): Promise<Broker> {
    // Without the parent's flags: some of them, as --input-type, are refused together with a file.
    const worker = new Worker(new URL(WORKER_FILE, import.meta.url), { workerData: options, execArgv: [] });
    const [address] = (await once(worker, 'message')) as [string];
    worker.unref(); // Not before its message: Node would end without a word while it waits.
    return new Broker(address, worker);
  }

  /** Accepts no more connections, makes everything that was acknowledged durable, and ends the thread. */
  async stop(): Promise<void> {
    const ended = once(this.worker, 'exit');
    this.worker.ref();
    this.worker.postMessage('stop');
    await ended;
  }
}
