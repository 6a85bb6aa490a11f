/* eslint-disable @typescript-eslint/require-await -- what is in memory answers at once */
import { randomUUID } from 'node:crypto';
import { DEFAULT_ENDPOINT_OPTIONS, type DeliveryTarget, type EndpointStatus } from '../../src/core/endpoint.js';
import type { DueDelivery } from '../../src/store/due-delivery.js';
import { TOKEN_LIFE_SECONDS } from '../../src/store/queue.js';
import type { Settlement } from '../../src/store/settlement.js';
import {
  NEW_DELIVERY,
  nextId,
  type KeptAttempt,
  type NewDelivery,
  type NewEndpoint,
  type Queue,
  type QueueBench,
} from './queue-bench.js';

interface Row extends DueDelivery {
  dueAtMs: number;
}

interface Endpoint {
  id: string;
  license: string;
  /** Undefined once it is deleted. */
  target: DeliveryTarget | undefined;
  holder: string | undefined;
  failures: number;
  failedFirings: number;
  failingSinceMs: number | undefined;
  lastError: string | null;
  pauseUntilMs: number;
  lastAttemptAtMs: number;
}

/** The queue's contract without a database. */
export class MemoryQueue implements Queue, QueueBench {
  readonly queue: Queue = this;
  readonly lifeSeconds = TOKEN_LIFE_SECONDS;
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly aliveUntilMs = new Map<string, number>();
  private readonly rows = new Map<string, Row>();
  private readonly done = new Map<string, string>();
  private readonly settledAt = new Map<string, number>();
  private readonly made: (Awaited<ReturnType<QueueBench['attempts']>>[number] & KeptAttempt)[] = [];

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
      ({ id, holder, pauseUntilMs }) =>
        (holder === undefined || this.isDead(holder)) &&
        (!among || among.includes(id)) &&
        pauseUntilMs <= Date.now() &&
        this.due(id).length > 0,
    );
    return free.slice(0, max).map((endpoint) => {
      const wasBusy = endpoint.holder !== undefined || endpoint.lastAttemptAtMs > Date.now() - 2_000;
      endpoint.holder = token;
      return { endpointId: endpoint.id, license: endpoint.license, failures: endpoint.failures, wasBusy };
    });
  }

  async fetch(heads: Parameters<Queue['fetch']>[0]) {
    return heads.flatMap(({ endpointId, afterDueAt, afterId, limit }) =>
      this.due(endpointId)
        .filter(({ dueAt, id }) => dueAt > afterDueAt || (dueAt === afterDueAt && id > afterId))
        .slice(0, limit)
        .map((row) => ({ ...row, target: this.endpoints.get(endpointId)?.target })),
    );
  }

  async settle(token: string, settlements: readonly Settlement[]) {
    const lost = new Set<string>();
    const touched = new Set<Endpoint>();
    for (const settlement of settlements) {
      const endpoint = this.endpoints.get(settlement.delivery.endpointId);
      const isHeld = endpoint?.holder === token;
      if (!isHeld) lost.add(settlement.delivery.endpointId);
      if (!isHeld && settlement.outcome !== 'delivered') continue;
      if (this.settleOne(settlement) && isHeld) touched.add(this.learn(endpoint, settlement));
    }
    const ailing = [...touched].filter(({ failures }) => failures > 0);
    return {
      lost: lost.size,
      rung: [],
      ailing: ailing.map(({ id, failures, failedFirings, failingSinceMs = 0, lastError }) => {
        return { endpointId: id, failures, failedFirings, failingSinceMs, warned: 0, lastError };
      }),
    };
  }

  async expire(endpointId: string, queuedBeforeMs: number) {
    const old = [...this.rows.values()].filter(
      (row) => row.endpointId === endpointId && row.queuedAtMs < queuedBeforeMs,
    );
    for (const { id } of old) this.end(id, endpointId, 'failed');
    return old.length;
  }

  async release(token: string, endpointIds: readonly string[]) {
    for (const id of endpointIds) {
      const endpoint = this.endpoints.get(id);
      if (endpoint?.holder === token) endpoint.holder = undefined;
    }
  }

  async depth() {
    const due = [...this.rows.values()].map(({ dueAtMs }) => dueAtMs);
    const oldestDueMs = due.length === 0 ? null : Math.min(...due);
    return { pending: due.length, oldestDueMs, oldestThrottledMs: null, oldestRetryingMs: null, openBreakers: 0 };
  }

  async addEndpoint({ id, license, url, secret, ...options }: NewEndpoint) {
    const target: DeliveryTarget = {
      ...DEFAULT_ENDPOINT_OPTIONS,
      ...{ endpointId: id, license, url, status: 'active', secret, previousSecret: null, signingKey: null },
      ...{ previousSigningKey: null, headers: null, ...options },
    };
    this.endpoints.set(id, {
      ...{ id, license, target, holder: undefined, failures: 0, failedFirings: 0, failingSinceMs: undefined },
      ...{ lastError: null, pauseUntilMs: 0, lastAttemptAtMs: 0 },
    });
  }

  async enqueue(deliveries: NewDelivery[]) {
    const now = Date.now();
    return deliveries.map((delivery) => {
      const { endpointId, payload, isLive, isForgotten, dueMsAgo, queuedMsAgo, eventType, ...rest } = {
        ...NEW_DELIVERY,
        ...delivery,
      };
      const id = nextId();
      const { license } = this.endpoints.get(endpointId)!;
      const dueAtMs = now - dueMsAgo;
      this.rows.set(id, {
        ...{ ...rest, id, endpointId, license, isTriggerLive: isLive, dueAtMs, dueAt: new Date(dueAtMs).toISOString() },
        ...{ eventId: randomUUID(), eventType: isForgotten ? '' : eventType, createdAtMs: now },
        ...{ payload: isForgotten ? null : payload, triggerId: randomUUID(), aboutEndpointId: null },
        ...{ target: undefined, queuedAtMs: now - queuedMsAgo },
      });
      return id;
    });
  }

  async flood(endpointId: string, count: number) {
    await this.enqueue(Array.from({ length: count }, () => ({ endpointId, dueMsAgo: 3_600_000 })));
  }

  async setStatus(endpointId: string, status: EndpointStatus) {
    const endpoint = this.endpoints.get(endpointId)!;
    endpoint.target = { ...endpoint.target!, status };
  }

  async deleteEndpoint(endpointId: string) {
    this.endpoints.get(endpointId)!.target = undefined;
  }

  async health(endpointId: string) {
    const { failures, pauseUntilMs } = this.endpoints.get(endpointId)!;
    return { failures, isPaused: pauseUntilMs > Date.now() };
  }

  async setFailures(endpointId: string, failures: number) {
    this.endpoints.get(endpointId)!.failures = failures;
  }

  async endPause(endpointId: string) {
    this.endpoints.get(endpointId)!.pauseUntilMs = 0;
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

  async countSettled(endpointId: string) {
    return this.settledAt.get(endpointId) ?? 0;
  }

  async attempts() {
    return this.made.map(({ id, number, outcome, statusCode }) => ({ id, number, outcome, statusCode }));
  }

  async kept() {
    return this.made.map(({ requestHeaders, responseHeaders, responseBody, isTruncated }) => {
      return { requestHeaders, responseHeaders, responseBody, isTruncated };
    });
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

  /** Whether it told of an attempt that was not known yet. */
  private settleOne({ delivery, outcome, nextDueAtMs, attempt }: Settlement): boolean {
    const number = delivery.attempt + (attempt ? 1 : 0);
    const isNew = attempt !== undefined && !this.made.some((made) => made.id === delivery.id && made.number === number);
    if (isNew) this.made.push({ ...attempt, id: delivery.id, number });
    const row = this.rows.get(delivery.id);
    if (row?.dueAt !== delivery.dueAt) return isNew;
    if (outcome === 'retry') {
      row.attempt = number;
      this.reschedule(row, nextDueAtMs!);
    } else {
      this.end(row.id, row.endpointId, outcome);
    }
    return isNew;
  }

  private end(id: string, endpointId: string, outcome: string): void {
    this.rows.delete(id);
    this.done.set(id, outcome);
    this.settledAt.set(endpointId, (this.settledAt.get(endpointId) ?? 0) + 1);
  }

  private learn(endpoint: Endpoint, { delivery, outcome, attempt, pauseUntilMs }: Settlement): Endpoint {
    const hasArrived = outcome === 'delivered';
    endpoint.lastAttemptAtMs = Date.now();
    endpoint.failures = hasArrived ? 0 : endpoint.failures + 1;
    endpoint.failedFirings = hasArrived ? 0 : endpoint.failedFirings + (delivery.attempt === delivery.round ? 1 : 0);
    endpoint.failingSinceMs = hasArrived ? undefined : (endpoint.failingSinceMs ?? attempt!.startedAtMs);
    endpoint.lastError = attempt!.error;
    endpoint.pauseUntilMs = hasArrived ? 0 : (pauseUntilMs ?? endpoint.pauseUntilMs);
    return endpoint;
  }
}
