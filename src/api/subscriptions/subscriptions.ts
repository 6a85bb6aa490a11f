import { PermissionsUnavailable } from '../../access/permission-provider.js';
import type { Verdict } from '../../access/permission-provider.js';
import { EVENT_PERMISSIONS } from '../../core/catalog-events.js';
import { parseAddress } from '../../core/address.js';
import { parseDid } from '../../core/did.js';
import type { Actor } from '../../store/actor.js';
import type { ApiParts, VehicleNft } from '../api-parts.js';
import { isPaged, pageOf, pageOfAll, pageRequest } from '../page.js';
import type { Page, PageQuery } from '../page.js';
import { parseUuid } from '../path.js';
import { Problem, unavailable, webhookNotFound } from '../problem.js';
import { sortByPermission } from './permitted-vehicles.js';
import type { FailedVehicle } from './permitted-vehicles.js';
import type { SubscriptionView } from './subscription-operations.js';

/** Ten times the list that may be sent; what is shared beyond needs lists. */
const SHARED_VEHICLES_MAX = 1_000_000;

/** A trigger is seldom changed while vehicles are subscribed to it; more than this is a loop somewhere. */
const SUBSCRIBE_ATTEMPTS_MAX = 4;

type Parts = Pick<ApiParts, 'catalog' | 'triggers' | 'subscriptions' | 'permissions' | 'vehicleNft'>;

export interface BulkResult {
  added: number;
  already: number;
  failed: FailedVehicle[];
}

/** What became of a refused vehicle, in the original's words. */
export const VERDICT_MESSAGES: Readonly<Record<Exclude<Verdict, 'granted'>, string>> = {
  denied: 'Insufficient vehicle permissions',
  unknown: 'Failed to validate permissions',
};

/** Which vehicles a license's triggers watch. Every problem is thrown. */
export class Subscriptions {
  private readonly sharedPrefix: string;

  constructor(private readonly parts: Parts) {
    this.sharedPrefix = parts.vehicleNft ? didPrefix(parts.vehicleNft) : '';
  }

  /** The vehicles of a trigger by DID, all or one page. */
  async vehicles(license: string, id: string, query: PageQuery): Promise<{ page: Page<string>; limit: number }> {
    await this.judgedBy(license, id);
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
    const { added, failed } = await this.subscribeAll(actor, id, [vehicle]);
    if (failed[0]?.verdict === 'denied') {
      throw new Problem(403, {
        kind: 'permission-denied',
        message: VERDICT_MESSAGES.denied,
        detail: `Your license does not hold the permissions on ${vehicle} that this webhook's metric needs.`,
      });
    }
    if (failed[0]?.verdict === 'unknown') {
      throw unavailable(VERDICT_MESSAGES.unknown, 'The permissions of the vehicle cannot be had at the moment.');
    }
    if (added === 0) {
      const detail = `${vehicle} is subscribed to this webhook already. Nothing was changed.`;
      throw new Problem(400, { message: 'Already subscribed', detail });
    }
  }

  /** Subscribes those of the vehicles that the license may read; one that it may not hinders no other. */
  subscribeAll(actor: Actor, id: string, vehicles: readonly string[]): Promise<BulkResult> {
    return this.addPermitted(actor, id, vehicles);
  }

  /** Subscribes every vehicle that was shared with the license and may be read. */
  async subscribeShared(actor: Actor, id: string): Promise<BulkResult> {
    await this.judgedBy(actor.license, id);
    return this.addPermitted(actor, id, await this.sharedVehicles(actor.license));
  }

  /** Unsubscribes vehicles; how many of them were subscribed. */
  async unsubscribe(actor: Actor, id: string, vehicles: readonly string[]): Promise<number> {
    const result = await this.parts.subscriptions.remove(actor, id, vehicles);
    if (result.kind === 'not_found') throw webhookNotFound();
    return result.removed;
  }

  /** Unsubscribes every vehicle; how many there were. */
  async unsubscribeAll(actor: Actor, id: string): Promise<number> {
    const result = await this.parts.subscriptions.removeAll(actor, id);
    if (result.kind === 'not_found') throw webhookNotFound();
    return result.removed;
  }

  /** Judges again when the trigger changed meanwhile: its metric may need other permissions than were asked about. */
  private async addPermitted(actor: Actor, id: string, vehicles: readonly string[]): Promise<BulkResult> {
    const { permissions: provider, subscriptions } = this.parts;
    const added = new Set<string>();
    for (let attempt = 0; attempt < SUBSCRIBE_ATTEMPTS_MAX; attempt++) {
      const { permissions, revision } = await this.judgedBy(actor.license, id);
      const { granted, failed } = await sortByPermission(provider, actor.license, vehicles, permissions);
      if (granted.length === 0) return { added: added.size, already: 0, failed };
      const result = await subscriptions.add(actor, id, granted, revision);
      if (result.kind === 'not_found') throw webhookNotFound();
      const already = result.kind === 'ok' ? result.already.filter((vehicle) => !added.has(vehicle)) : [];
      for (const vehicle of result.added) added.add(vehicle);
      if (result.kind === 'ok') return { added: added.size, already: already.length, failed };
    }
    throw unavailable(
      'The webhook is being changed',
      'Others kept changing this webhook meanwhile. Send the request again: what is subscribed already is no failure.',
    );
  }

  /** What a trigger's metric needs, as of which revision; throws when the license has no such trigger. */
  private async judgedBy(license: string, id: string): Promise<{ permissions: readonly string[]; revision: number }> {
    const trigger = await this.parts.triggers.find(license, id);
    if (trigger === undefined) throw webhookNotFound();
    // A metric that the operator has taken out of the catalogue may tell anything: it needs what events need.
    const permissions = this.parts.catalog.find(trigger.metricKind, trigger.metric)?.permissions ?? EVENT_PERMISSIONS;
    return { permissions, revision: trigger.revision };
  }

  private async sharedVehicles(license: string): Promise<string[]> {
    const vehicles = new Set<string>();
    try {
      for await (const page of this.parts.permissions.sharedVehicles(license)) {
        for (const vehicle of page) if (vehicle.startsWith(this.sharedPrefix)) vehicles.add(vehicle);
        if (vehicles.size > SHARED_VEHICLES_MAX) throw tooManyShared();
      }
    } catch (error) {
      if (!(error instanceof PermissionsUnavailable)) throw error;
      throw unavailable('Failed to get shared vehicles', 'The list of shared vehicles cannot be had at the moment.');
    }
    return [...vehicles];
  }
}

function didPrefix({ chainId, contract }: VehicleNft): string {
  const address = parseAddress(contract);
  if (address === undefined) throw new Error(`the vehicles' contract is no address: ${contract}`);
  return `did:erc721:${chainId}:${address}:`;
}

function parseVehicle(text: string): string | undefined {
  const parsed = parseDid(text);
  return parsed.kind === 'ok' ? parsed.did : undefined;
}

function tooManyShared(): Problem {
  const detail = `More than ${SHARED_VEHICLES_MAX} vehicles are shared with your license: subscribe lists of them.`;
  return new Problem(400, { message: 'Too many shared vehicles', detail });
}
