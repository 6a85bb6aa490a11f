import { databaseNowMs } from '../../store/database-time.js';
import type { Actor } from '../../store/actor.js';
import type { Resent } from '../../store/recovery.js';
import type { ApiParts } from '../api-parts.js';
import { logFilter, requireRange } from '../events/log-query.js';
import { refuseField } from '../fields.js';
import { pageOf, pageRequest } from '../page.js';
import type { Page } from '../page.js';
import { parseUuid } from '../path.js';
import { endpointNotFound, Problem, webhookNotFound } from '../problem.js';
import { requireOpenGate } from '../stock-limits.js';
import type { DeliveriesQuery, RecoverRequest } from './delivery-fields.js';
import { viewDelivery, viewDeliveryDetail } from './delivery-view.js';
import type { DeliveryDetailView, DeliveryView } from './delivery-view.js';

/** Deliveries as developers see them and send them again. Every problem is thrown. */
export class Deliveries {
  constructor(
    private readonly parts: Pick<ApiParts, 'triggers' | 'endpoints' | 'deliveries' | 'recovery' | 'quotas' | 'now'>,
  ) {}

  /** One page, newest first. */
  async list(license: string, query: DeliveriesQuery): Promise<Page<DeliveryView>> {
    requireRange(query);
    const { limit, after } = pageRequest(query, parseUuid);
    const { endpointId, status } = query;
    const found = await this.parts.deliveries.list({
      license,
      ...logFilter(query),
      ...(endpointId === undefined ? {} : { endpointId }),
      ...(status === undefined ? {} : { statuses: status }),
      ...(after === undefined ? {} : { before: after }),
      limit: limit + 1,
    });
    return pageOf(found.map(viewDelivery), limit, ({ id }) => id);
  }

  async get(license: string, id: string): Promise<DeliveryDetailView> {
    const detail = await this.parts.deliveries.get(license, id);
    if (detail === undefined) throw deliveryNotFound();
    return viewDeliveryDetail(detail);
  }

  /** Queues a delivery again; resolves to the id under which it goes out. */
  async resend(actor: Actor, id: string): Promise<string> {
    await requireOpenGate(this.parts, actor.license);
    const resent = await this.parts.recovery.resend(actor, id);
    if (resent.kind === 'queued') return resent.id;
    if (resent.kind === 'not_found') throw deliveryNotFound();
    throw conflict('The delivery cannot be sent again', reasonOf(resent));
  }

  /** Queues what a webhook fired and did not arrive at the endpoint that it has now, or counts it. */
  async recoverWebhook(actor: Actor, webhookId: string, request: RecoverRequest): Promise<number> {
    const trigger = await this.parts.triggers.find(actor.license, webhookId);
    if (trigger === undefined) throw webhookNotFound();
    return this.recover(actor, { triggerId: webhookId, endpointId: trigger.endpointId }, request);
  }

  /** The same for all that was to go to an endpoint, what it listens to included. */
  async recoverEndpoint(actor: Actor, endpointId: string, request: RecoverRequest): Promise<number> {
    if ((await this.parts.endpoints.get(actor.license, endpointId)) === undefined) throw endpointNotFound();
    return this.recover(actor, { endpointId }, request);
  }

  private async recover(
    actor: Actor,
    at: { endpointId: string; triggerId?: string },
    request: RecoverRequest,
  ): Promise<number> {
    const nowMs = this.nowMs();
    const { since, until = nowMs, statuses, dryRun } = request;
    if (since > nowMs) refuseField('#/since', 'since must not be in the future');
    if (until < since) refuseField('#/until', 'until must not be before since');
    const range = { ...at, sinceMs: since, untilMs: until, statuses };
    if (dryRun) return this.parts.recovery.count(actor.license, range);
    await requireOpenGate(this.parts, actor.license);
    const status = await this.parts.recovery.endpointStatus(at.endpointId);
    if (status !== 'active') throw conflict('The endpoint cannot be sent to', notActive(status ?? 'gone'));
    return this.parts.recovery.recover(actor, range);
  }

  private nowMs(): number {
    return this.parts.now?.() ?? databaseNowMs();
  }
}

function reasonOf(resent: Exclude<Resent, { kind: 'queued' | 'not_found' }>): string {
  switch (resent.kind) {
    case 'test':
      return 'It was a test. Send another one: POST /v1/webhooks/{id}/test.';
    case 'event_gone':
      return 'Its event is no longer on record.';
    case 'endpoint_deleted':
      return 'Its endpoint was deleted.';
    case 'trigger_deleted':
      return 'Its webhook was deleted.';
    case 'not_active':
      return notActive(resent.status);
    case 'busy':
      return 'It is being sent at this moment. Send the request again.';
  }
}

function notActive(status: string): string {
  return `The endpoint is ${status}: verify it, or enable it, first. Nothing was queued.`;
}

function conflict(message: string, detail: string): Problem {
  return new Problem(409, { kind: 'conflict', message, detail });
}

function deliveryNotFound(): Problem {
  return new Problem(404, {
    kind: 'not-found',
    message: 'Delivery not found',
    detail: 'Your license has no delivery with this id on record.',
  });
}
