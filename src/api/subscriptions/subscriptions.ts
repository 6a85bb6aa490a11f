import { parseDid } from '../../core/did.js';
import type { Actor } from '../../store/actor.js';
import type { FailedVehicle } from '../../store/operations.js';
import type { ApiParts } from '../api-parts.js';
import type { BulkCalls, BulkOutcome } from '../operations/bulk-calls.js';
import { VERDICT_MESSAGES } from '../operations/operation-view.js';
import { isPaged, pageOf, pageOfAll, pageRequest } from '../page.js';
import type { Page, PageQuery } from '../page.js';
import { parseUuid } from '../path.js';
import { Problem, unavailable, webhookAlwaysChanging, webhookNotFound } from '../problem.js';
import { overQuota } from '../stock-limits.js';
import { neededPermissions } from './needed-permissions.js';
import { heldGrants, sortByPermission } from './permitted-vehicles.js';
import type { SubscriptionView } from './subscription-operations.js';

/** A trigger is seldom changed while a vehicle is subscribed to it; more than this is a loop somewhere. */
const SUBSCRIBE_ATTEMPTS_MAX = 4;

type Parts = Pick<ApiParts, 'catalog' | 'triggers' | 'subscriptions' | 'permissions' | 'quotas'>;

/** Which vehicles a license's triggers watch. Every problem is thrown. */
export class Subscriptions {
  constructor(
    private readonly parts: Parts,
    private readonly bulkCalls: BulkCalls,
  ) {}

  /** The vehicles of a trigger by DID, all or one page. */
  async vehicles(license: string, id: string, query: PageQuery): Promise<{ page: Page<string>; limit: number }> {
    await neededPermissions(this.parts, license, id);
    if (!isPaged(query)) {
      return { page: { entries: await this.parts.subscriptions.vehicles(id), next: undefined }, limit: 0 };
    }
    const asked = pageRequest(query, parseVehicle);
    const found = await this.parts.subscriptions.vehicles(id, { ...asked, limit: asked.limit + 1 });
    return { page: pageOf(found, asked.limit, (vehicle) => vehicle), limit: asked.limit };
  }

  /** The license's triggers that watch a vehicle, all or one page. */
  async ofVehicle(
    license: string,
    vehicle: string,
    query: PageQuery,
  ): Promise<{ page: Page<SubscriptionView>; limit: number }> {
    const found = await this.parts.subscriptions.ofVehicle(license, vehicle);
    const views = found.map(({ triggerId, createdAt, description }) => {
      return { webhookId: triggerId, assetDid: vehicle, createdAt: createdAt.toISOString(), description };
    });
    if (!isPaged(query)) return { page: { entries: views, next: undefined }, limit: 0 };
    const asked = pageRequest(query, parseUuid);
    return { page: pageOfAll(views, asked, ({ webhookId }) => webhookId), limit: asked.limit };
  }

  /** Subscribes one vehicle; 400 when it is subscribed already, as in the original. */
  async subscribe(actor: Actor, id: string, vehicle: string): Promise<void> {
    const outcome = await this.addPermitted(actor, id, vehicle);
    if (outcome === 'denied') {
      throw new Problem(403, {
        kind: 'permission-denied',
        message: VERDICT_MESSAGES.denied,
        detail: `Your license does not hold the permissions on ${vehicle} that this webhook's metric needs.`,
      });
    }
    if (outcome === 'unknown') {
      throw unavailable(VERDICT_MESSAGES.unknown, 'The permissions of the vehicle cannot be had at the moment.');
    }
    if (outcome === 'over_quota') {
      const { subscriptions: most } = await this.parts.quotas.of(actor.license);
      throw overQuota({ name: 'subscriptions', most });
    }
    if (outcome === 'already') {
      const detail = `${vehicle} is subscribed to this webhook already. Nothing was changed.`;
      throw new Problem(400, { message: 'Already subscribed', detail });
    }
  }

  /** Unsubscribes one vehicle, if it was subscribed. */
  async unsubscribe(actor: Actor, id: string, vehicle: string): Promise<void> {
    await this.requireByHand(actor.license, id);
    const result = await this.parts.subscriptions.remove(actor, id, [vehicle]);
    if (result.kind === 'not_found') throw webhookNotFound();
  }

  /** Subscribes those of the vehicles that the license may read; one that it may not hinders no other. */
  subscribeList(actor: Actor, triggerId: string, vehicles: readonly string[]): Promise<BulkOutcome> {
    return this.bulkCalls.call({ kind: 'subscribe', actor, triggerId }, vehicles);
  }

  /** Subscribes every vehicle that was shared with the license and may be read. */
  subscribeShared(actor: Actor, triggerId: string): Promise<BulkOutcome> {
    return this.bulkCalls.call({ kind: 'subscribe_shared', actor, triggerId });
  }

  /** Unsubscribes those of the vehicles that are subscribed. */
  async unsubscribeList(actor: Actor, triggerId: string, vehicles: readonly string[]): Promise<BulkOutcome> {
    await this.requireByHand(actor.license, triggerId);
    return this.bulkCalls.call({ kind: 'unsubscribe', actor, triggerId }, vehicles);
  }

  /** Unsubscribes every vehicle that is subscribed when it begins. */
  async unsubscribeAll(actor: Actor, triggerId: string): Promise<BulkOutcome> {
    await this.requireByHand(actor.license, triggerId);
    return this.bulkCalls.call({ kind: 'unsubscribe_all', actor, triggerId });
  }

  /** Refuses to take vehicles from a trigger that would have them back within a minute. */
  private async requireByHand(license: string, id: string): Promise<void> {
    const trigger = await this.parts.triggers.find(license, id);
    if (trigger === undefined) throw webhookNotFound();
    if (!trigger.autoSubscribe) return;
    throw new Problem(409, {
      kind: 'conflict',
      message: 'The webhook subscribes vehicles by itself',
      detail:
        'Vehicles that are shared with your license would join it again. Nothing was changed. Set autoSubscribe to false ' +
        'first, or have the vehicle no longer shared: it leaves by itself.',
    });
  }

  /** Judges again when the trigger changed meanwhile: its metric may need other permissions than were asked about. */
  private async addPermitted(
    actor: Actor,
    id: string,
    vehicle: string,
  ): Promise<'added' | 'already' | FailedVehicle['verdict']> {
    const { permissions: provider, subscriptions } = this.parts;
    for (let attempt = 0; attempt < SUBSCRIBE_ATTEMPTS_MAX; attempt++) {
      const { permissions, revision } = await neededPermissions(this.parts, actor.license, id);
      const full = await subscriptions.withoutRoom(actor.license, id, [vehicle]);
      if (full.length > 0) return 'over_quota';
      const { failed } = await sortByPermission(provider, actor.license, [vehicle], permissions);
      if (failed[0] !== undefined) return failed[0].verdict;
      const judged = { revision, ...heldGrants(provider, permissions) };
      const result = await subscriptions.add(actor, id, [vehicle], judged);
      if (result.kind === 'not_found') throw webhookNotFound();
      if (result.kind !== 'ok') continue;
      if (result.withoutGrant.length > 0) return 'denied';
      if (result.overQuota.length > 0) return 'over_quota';
      return result.added.length > 0 ? 'added' : 'already';
    }
    throw webhookAlwaysChanging();
  }
}

function parseVehicle(text: string): string | undefined {
  const parsed = parseDid(text);
  return parsed.kind === 'ok' ? parsed.did : undefined;
}
