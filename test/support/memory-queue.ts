/* eslint-disable @typescript-eslint/require-await -- what is in memory answers at once */
import { randomUUID } from 'node:crypto';
import { TOKEN_LIFE_SECONDS, type DueDelivery, type Settlement } from '../../src/store/queue.js';
import { nextId, type NewDelivery, type NewEndpoint, type Queue, type QueueBench } from './queue-bench.js';

interface Row extends DueDelivery {
  dueAtMs: number;
}

/** The queue's contract without a database. */
export class MemoryQueue implements Queue, QueueBench {
  readonly queue: Queue = this;
  readonly lifeSeconds = TOKEN_LIFE_SECONDS;
  private readonly endpoints = new Map<string, NewEndpoint & { holder?: string }>();
  private readonly aliveUntilMs = new Map<string, number>();
  private readonly rows = new Map<string, Row>();
  private readonly done = new Map<string, string>();
  private readonly made: Awaited<ReturnType<QueueBench['attempts']>> = [];

  async startSender() {
    const token = randomUUID();
    this.aliveUntilMs.set(token, Date.now() + TOKEN_LIFE_SECONDS * 1_000);
    return token;
  }

  async heartbeat(token: string) {
    if (!this.isAlive(token)) return false;
    this.aliveUntilMs.set(token, Date.now() + TOKEN_LIFE_SECONDS * 1_000);
    return true;
  }

  async endSender(token: string) {
    this.aliveUntilMs.delete(token);
    for (const endpoint of this.endpoints.values()) if (endpoint.holder === token) endpoint.holder = undefined;
  }

  async lease(token: string, max: number, among?: readonly string[]) {
    if (!this.isAlive(token)) return [];
    const free = [...this.endpoints.values()].filter(
      ({ id, holder }) =>
        (holder === undefined || this.isDead(holder)) && (!among || among.includes(id)) && this.due(id).length > 0,
    );
    return free.slice(0, max).map((endpoint) => {
      endpoint.holder = token;
      return { endpointId: endpoint.id, license: endpoint.license };
    });
  }

  async fetch(heads: Parameters<Queue['fetch']>[0]) {
    return heads.flatMap(({ endpointId, afterDueAt, afterId, limit }) =>
      this.due(endpointId)
        .filter(({ dueAt, id }) => dueAt > afterDueAt || (dueAt === afterDueAt && id > afterId))
        .slice(0, limit)
        .map((row) => ({ ...row })),
    );
  }

  async settle(token: string, settlements: readonly Settlement[]) {
    const lost = new Set<string>();
    for (const settlement of settlements) {
      const { endpointId } = settlement.delivery;
      const isHeld = this.endpoints.get(endpointId)?.holder === token;
      if (!isHeld) lost.add(endpointId);
      if (isHeld || settlement.outcome === 'delivered') this.settleOne(settlement);
    }
    return lost.size === 0 ? { kind: 'ok' as const } : { kind: 'lost' as const, endpoints: lost.size };
  }

  async release(token: string, endpointIds: readonly string[]) {
    for (const id of endpointIds) {
      const endpoint = this.endpoints.get(id);
      if (endpoint?.holder === token) endpoint.holder = undefined;
    }
  }

  async depth() {
    const due = [...this.rows.values()].map(({ dueAtMs }) => dueAtMs);
    return { pending: due.length, oldestDueMs: due.length === 0 ? null : Math.min(...due) };
  }

  async addEndpoint(endpoint: NewEndpoint) {
    this.endpoints.set(endpoint.id, { ...endpoint });
  }

  async enqueue(deliveries: NewDelivery[]) {
    const now = Date.now();
    return deliveries.map(({ endpointId, payload = '{}', isLive = true, isForgotten = false, dueMsAgo = 0 }) => {
      const id = nextId();
      const { license, url, secret } = this.endpoints.get(endpointId)!;
      const dueAtMs = now - dueMsAgo;
      this.rows.set(id, {
        ...{ id, endpointId, license, url, secret, isLive, dueAtMs, dueAt: new Date(dueAtMs).toISOString() },
        ...{ eventId: randomUUID(), eventType: isForgotten ? '' : 'trigger.fired', attempt: 0, createdAtMs: now },
        ...{ payload: isForgotten ? null : payload, triggerId: randomUUID(), vehicle: 'did:erc721:1:0x0:1' },
      });
      return id;
    });
  }

  async makeDue() {
    for (const row of this.rows.values()) this.reschedule(row, Math.min(row.dueAtMs, Date.now()));
  }

  async endTokens() {
    for (const token of this.aliveUntilMs.keys()) this.aliveUntilMs.set(token, 0);
  }

  async removeLease(endpointId: string) {
    this.endpoints.delete(endpointId);
  }

  async pending() {
    return [...this.rows.values()].map(({ id, attempt }) => ({ id, attempt }));
  }

  async statuses() {
    return this.done;
  }

  async attempts() {
    return this.made;
  }

  async held() {
    return [...this.endpoints.values()].filter(({ holder }) => holder !== undefined).map(({ id }) => id);
  }

  async tokens() {
    return this.aliveUntilMs.size;
  }

  async close() {}

  private isAlive(token: string): boolean {
    return (this.aliveUntilMs.get(token) ?? 0) > Date.now();
  }

  /** Known to be over: an unknown token is neither alive nor dead, so what it held would be held for good. */
  private isDead(token: string): boolean {
    return this.aliveUntilMs.has(token) && !this.isAlive(token);
  }

  private due(endpointId: string): Row[] {
    const due = [...this.rows.values()].filter((row) => row.endpointId === endpointId && row.dueAtMs <= Date.now());
    return due.sort((a, b) => a.dueAtMs - b.dueAtMs || (a.id < b.id ? -1 : 1));
  }

  private reschedule(row: Row, dueAtMs: number): void {
    row.dueAtMs = dueAtMs;
    row.dueAt = new Date(dueAtMs).toISOString();
  }

  private settleOne({ delivery, outcome, nextDueAtMs, attempt }: Settlement): void {
    const number = delivery.attempt + (attempt ? 1 : 0);
    if (attempt && !this.made.some((made) => made.id === delivery.id && made.number === number)) {
      this.made.push({ id: delivery.id, number, outcome: attempt.outcome, statusCode: attempt.statusCode });
    }
    const row = this.rows.get(delivery.id);
    if (row?.dueAt !== delivery.dueAt) return;
    if (outcome === 'retry') {
      row.attempt = number;
      this.reschedule(row, nextDueAtMs!);
    } else {
      this.rows.delete(row.id);
      this.done.set(row.id, outcome);
    }
  }
}
