/**
 * The loop of `undici-loop.ts` once more, over the queue: what is due is read and settled with the product's statements, and
 * nothing is decided, signed, limited, logged or measured in between. It tells what the queue costs, read ahead once and
 * settled one batch after the other; it is no bound: a loop that overlaps more could be faster.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { Database } from '../../src/store/database.js';
import type { DueDelivery } from '../../src/store/due-delivery.js';
import { DeliveryQueue, QUEUE_START } from '../../src/store/queue.js';
import type { Settlement } from '../../src/store/settlement.js';
import { AGENT_OPTIONS } from '../../src/target/http-client.js';
import { post } from './post.js';

/** What it is told to send: everything that is due. */
export interface QueueOrder {
  databaseUrl: string;
  /** Of every request. */
  headers: Record<string, string>;
  count: number;
  concurrency: number;
  endpoints: number;
}

/** Rows of one reading, and of one settling, as a sender takes them. */
const FETCHED = 2_000;
const SETTLED = 500;

process.on('message', (order: QueueOrder) => void sendQueue(order).then((elapsedMs) => process.send!(elapsedMs)));
process.on('disconnect', () => process.exit());

/** How long it took, from the first reading to the last settling, in ms. */
async function sendQueue({ databaseUrl, headers, count, concurrency, endpoints }: QueueOrder): Promise<number> {
  const applicationName = 'tripline bench queue loop';
  const database = await Database.open({ url: databaseUrl, controlPoolSize: 1, dataPoolSize: 4, applicationName });
  const queue = new DeliveryQueue(database);
  const agent = new Agent({ ...AGENT_OPTIONS, connections: concurrency });
  try {
    const startedMs = performance.now();
    const token = await queue.startSender();
    const leases = await queue.lease(token, endpoints);
    const reader = new Reader(
      queue,
      leases.map(({ endpointId }) => endpointId),
    );
    const settler = new Settler(queue, token);
    const worker = async () => {
      for (let due = await reader.next(); due !== undefined; due = await reader.next()) {
        const { origin, pathname: path } = new URL(due.target!.url);
        const sentMs = performance.now();
        const statusCode = await post(agent, { origin, path, headers, body: due.payload! });
        settler.add(settlementOf(due, statusCode, performance.now() - sentMs, headers));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    await settler.end(count);
    return performance.now() - startedMs;
  } finally {
    await agent.close();
    await database.close();
  }
}

/** Reads ahead: the next rows are asked for while the last ones are being sent. */
class Reader {
  private ready: DueDelivery[] = [];
  private ahead: Promise<DueDelivery[]>;
  private readonly places: Map<string, { afterDueAt: string; afterId: string }>;

  constructor(
    private readonly queue: DeliveryQueue,
    endpoints: readonly string[],
  ) {
    this.places = new Map(endpoints.map((id) => [id, QUEUE_START]));
    this.ahead = this.read();
  }

  async next(): Promise<DueDelivery | undefined> {
    while (this.ready.length === 0) {
      const read = await this.ahead;
      if (this.ready.length > 0) break;
      if (read.length === 0) return undefined;
      this.ready = read.reverse();
      this.ahead = this.read();
    }
    return this.ready.pop();
  }

  private async read(): Promise<DueDelivery[]> {
    const limit = Math.ceil(FETCHED / this.places.size);
    const heads = [...this.places].map(([endpointId, place]) => ({ endpointId, ...place, limit }));
    const rows = await this.queue.fetch(heads);
    for (const { endpointId, dueAt, id } of rows) this.places.set(endpointId, { afterDueAt: dueAt, afterId: id });
    return rows;
  }
}

/** Settles what has been sent in batches, one after the other. */
class Settler {
  private batch: Settlement[] = [];
  private settled = 0;
  private isBusy = false;

  constructor(
    private readonly queue: DeliveryQueue,
    private readonly token: string,
  ) {}

  add(settlement: Settlement): void {
    this.batch.push(settlement);
    if (this.batch.length >= SETTLED && !this.isBusy) void this.settle();
  }

  async end(count: number): Promise<void> {
    while (this.settled < count) {
      if (!this.isBusy && this.batch.length > 0) await this.settle();
      else await sleep(1);
    }
  }

  private async settle(): Promise<void> {
    this.isBusy = true;
    const batch = this.batch.splice(0, SETTLED);
    await this.queue.settle(this.token, batch);
    this.settled += batch.length;
    this.isBusy = false;
    if (this.batch.length >= SETTLED) void this.settle();
  }
}

function settlementOf(
  delivery: DueDelivery,
  statusCode: number,
  durationMs: number,
  headers: Record<string, string>,
): Settlement {
  const kept = { requestHeaders: JSON.stringify(headers), responseHeaders: '{}', responseBody: '', isTruncated: false };
  const attempt = { durationMs, outcome: 'delivered', statusCode, error: null, ...kept };
  return { delivery, outcome: 'delivered', attempt };
}
