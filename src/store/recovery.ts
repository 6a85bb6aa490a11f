import type { EntityManager } from 'typeorm';
import type { Actor } from './actor.js';
import { readLog, useIndexes } from './by-index.js';
import { type Change, inChange, tellListeners } from './change.js';
import type { Database } from './database.js';
import { type DeliveryRecord, findDelivery } from './delivery-log.js';
import { newLogId } from './log-id.js';
import {
  COUNT_RECOVERABLE,
  HURRY_DELIVERY,
  IS_DUE_AT,
  RECOVER_BATCH,
  RECOVER_DELIVERIES,
  REQUEUE_DELIVERY,
} from './sql/recover-deliveries.js';

/** What may be queued again in numbers. */
export const RECOVERABLE_STATUSES = ['failed', 'held', 'cancelled'] as const;
export type RecoverableStatus = (typeof RECOVERABLE_STATUSES)[number];

export type Resent =
  /** `id` is another one when the delivery had arrived. */
  | { kind: 'queued'; id: string }
  | { kind: 'not_found' }
  | { kind: 'test' }
  | { kind: 'event_gone' }
  | { kind: 'endpoint_deleted' }
  | { kind: 'trigger_deleted' }
  | { kind: 'not_active'; status: string }
  /** It kept changing under our hands. */
  | { kind: 'busy' };

/** Which deliveries to an endpoint. Times are when they were created, ms since 1970. */
export interface RecoverRange {
  /** Only what this trigger fired; all that goes to the endpoint without, what it listens to included. */
  triggerId?: string;
  endpointId: string;
  sinceMs: number;
  /** Exclusive. */
  untilMs: number;
  statuses: readonly RecoverableStatus[];
}

interface Batch {
  count: number;
  seen: number;
  last: string | null;
}

/** A delivery moves between queue and log while it is looked at only when somebody settles or resends it. */
const RESEND_ATTEMPTS_MAX = 5;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Queues deliveries again. What did not arrive goes back from the log to the queue under its id, in one statement, so
 * however often it is asked for it is queued once. Its attempts stay on record and go on counting; its retries begin
 * anew.
 */
export class Recovery {
  constructor(private readonly database: Database) {}

  /** One delivery, now. One that is pending becomes due; one that arrived is sent as a new one. */
  async resend(actor: Actor, id: string): Promise<Resent> {
    for (let attempt = 0; attempt < RESEND_ATTEMPTS_MAX; attempt++) {
      const resent = await inChange(this.database, actor, (change) => resendOnce(change, actor, id));
      if (resent !== undefined) return resent;
    }
    return { kind: 'busy' };
  }

  /** Undefined when there is no such endpoint any more. */
  async endpointStatus(endpointId: string): Promise<string | undefined> {
    const sql = 'select status from endpoints where id = $1';
    const [row] = await this.database.dataSource.query<{ status: string }[]>(sql, [endpointId]);
    return row?.status;
  }

  /** What `recover` would queue. */
  async count(license: string, range: RecoverRange): Promise<number> {
    let total = 0;
    for (let after: string | null = FIRST_ID; after !== null;) {
      const values: unknown[] = recoverValues(license, after, range);
      const batch = await readLog(this.database, async (manager) => {
        const [found] = await manager.query<Batch[]>(COUNT_RECOVERABLE, values);
        return found!;
      });
      total += batch.count;
      after = batch.seen < RECOVER_BATCH ? null : batch.last;
    }
    return total;
  }

  /**
   * Queues what did not arrive, oldest first, in batches with a transaction each. Resolves to how many these were. Asked
   * again it finds what it did not get to.
   */
  async recover(actor: Actor, range: RecoverRange): Promise<number> {
    const eventId = newLogId();
    let total = 0;
    try {
      for (let after: string | null = FIRST_ID; after !== null;) {
        const batch: Batch = await this.recoverBatch(actor, range, { eventId, after, total });
        total += batch.count;
        after = batch.seen < RECOVER_BATCH ? null : batch.last;
      }
      return total;
    } finally {
      // Also when it broke off: what was queued by then is news.
      if (total > 0) await this.tell(eventId);
    }
  }

  private recoverBatch(
    actor: Actor,
    range: RecoverRange,
    { eventId, after, total }: { eventId: string; after: string; total: number },
  ): Promise<Batch> {
    return inChange(this.database, actor, async (change) => {
      await useIndexes(change.manager);
      const values = recoverValues(actor.license, after, range);
      const [moved] = await change.manager.query<Batch[]>(RECOVER_DELIVERIES, values);
      if (moved!.count > 0) describeRecovery(change, actor, range, { eventId, count: total + moved!.count });
      return moved!;
    });
  }

  private async tell(eventId: string): Promise<void> {
    await tellListeners(this.database, eventId).catch((error: unknown) => {
      this.database.log.warn({ err: error, event: eventId }, 'who listens was not told of a log event');
    });
  }
}

function describeRecovery(
  change: Change,
  { license }: Actor,
  range: RecoverRange,
  { eventId, count }: { eventId: string; count: number },
): void {
  const { triggerId, endpointId, sinceMs, untilMs, statuses } = range;
  const since = new Date(sinceMs).toISOString();
  const until = new Date(untilMs).toISOString();
  const details = { count, since, until, statuses };
  const about = { endpointId, ...(triggerId === undefined ? {} : { triggerId }) };
  change.describe({ id: eventId, type: 'delivery.recovered', license, ...about, details });
}

function recoverValues(license: string, after: string, range: RecoverRange): unknown[] {
  const { triggerId, endpointId, statuses, sinceMs, untilMs } = range;
  const times = [new Date(sinceMs).toISOString(), new Date(untilMs).toISOString()];
  return [license, after, triggerId ?? null, endpointId, statuses, ...times];
}

/** Undefined when the delivery was moved by somebody else meanwhile: look again. */
async function resendOnce(change: Change, actor: Actor, id: string): Promise<Resent | undefined> {
  const { manager } = change;
  await useIndexes(manager);
  const delivery = await findDelivery(manager, actor.license, id);
  if (delivery === undefined)
    return (await isOnTheMove(manager, actor.license, id)) ? undefined : { kind: 'not_found' };
  const refusal = await refuse(manager, delivery);
  if (refusal !== undefined) return refusal;
  const queued = await queueAgain(manager, delivery);
  if (queued === undefined) return undefined;
  if (queued.isNew) {
    const { triggerId, vehicle, endpointId, eventId, status } = delivery;
    change.describe({
      type: 'delivery.resent',
      license: actor.license,
      ...(triggerId === null ? {} : { triggerId }),
      ...(vehicle === null ? {} : { vehicle }),
      endpointId,
      details: { deliveryId: id, eventId, was: status, ...(queued.id === id ? {} : { newDeliveryId: queued.id }) },
    });
  }
  return { kind: 'queued', id: queued.id };
}

/** The queue is looked at before the log, so what was queued between the two looks was seen in neither. */
async function isOnTheMove(manager: EntityManager, license: string, id: string): Promise<boolean> {
  return (await findDelivery(manager, license, id)) !== undefined;
}

async function refuse(manager: EntityManager, delivery: DeliveryRecord): Promise<Resent | undefined> {
  if (delivery.isTest) return { kind: 'test' };
  if (delivery.eventType === null) return { kind: 'event_gone' };
  const [found] = await manager.query<{ status: string | null; is_trigger_live: boolean }[]>(
    `select (select status from endpoints where id = $1) as status,
            $2::uuid is null or $3 <> 'trigger.fired' or exists (select 1 from triggers where id = $2 and deleted_at is null) as is_trigger_live`,
    [delivery.endpointId, delivery.triggerId, delivery.eventType],
  );
  const { status, is_trigger_live: isTriggerLive } = found!;
  if (!isTriggerLive) return { kind: 'trigger_deleted' };
  if (status === null) return { kind: 'endpoint_deleted' };
  return status === 'active' ? undefined : { kind: 'not_active', status };
}

/** `isNew` when this call changed anything. Undefined when the delivery is no longer where it was seen. */
async function queueAgain(
  manager: EntityManager,
  delivery: DeliveryRecord,
): Promise<{ id: string; isNew: boolean } | undefined> {
  switch (delivery.status) {
    case 'pending': {
      const key = [delivery.endpointId, delivery.dueAt!.toISOString(), delivery.id];
      const [hurried] = await manager.query<[object[], number]>(HURRY_DELIVERY, key);
      if (hurried.length === 0 && (await manager.query<object[]>(IS_DUE_AT, key)).length === 0) return undefined;
      return { id: delivery.id, isNew: hurried.length > 0 };
    }
    case 'failed':
    case 'held':
    case 'cancelled': {
      const queued = await manager.query<{ id: string }[]>(REQUEUE_DELIVERY, [delivery.id]);
      return queued.length === 0 ? undefined : { id: delivery.id, isNew: true };
    }
    case 'delivered':
      return sendAsNew(manager, delivery);
  }
}

/** The row of what arrived is locked, so that of two who want the event again the second finds what the first queued. */
async function sendAsNew(
  manager: EntityManager,
  { id, eventId, endpointId }: DeliveryRecord,
): Promise<{ id: string; isNew: boolean } | undefined> {
  const locked = await manager.query<object[]>(`select 1 from deliveries where id = $1 for update`, [id]);
  if (locked.length === 0) return undefined;
  const [waiting] = await manager.query<{ id: string }[]>(
    'select id from outbox where endpoint_id = $1 and event_id = $2 limit 1',
    [endpointId, eventId],
  );
  if (waiting !== undefined) return { id: waiting.id, isNew: false };
  const newId = newLogId();
  await manager.query(
    `insert into outbox (endpoint_id, due_at, id, event_id) values ($1, date_trunc('milliseconds', now()), $2, $3)`,
    [endpointId, newId, eventId],
  );
  return { id: newId, isNew: true };
}
