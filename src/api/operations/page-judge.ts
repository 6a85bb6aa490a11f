import type { BulkCall, FailedVehicle } from '../../store/operations.js';
import type { JudgedSubscription } from '../../store/subscriptions.js';
import type { ApiParts } from '../api-parts.js';
import { unavailable } from '../problem.js';
import { neededPermissions } from '../subscriptions/needed-permissions.js';
import { heldGrants, sortByPermission } from '../subscriptions/permitted-vehicles.js';
import { withoutRoom } from './advanced.js';
import type { BulkTimes } from './bulk-times.js';

/** A page of vehicles, sorted by what is permitted for the trigger as it was then. */
export interface Judged {
  granted: string[];
  failed: FailedVehicle[];
  judged: JudgedSubscription;
}

/** Asks for the permissions of a call's pages, and knows how long those that nobody could tell are worth waiting for. */
export class PageJudge {
  /** Halved whenever it was waited for in vain: a vehicle of every page that stays unknown costs two minutes, not hours. */
  private patienceMs: number;
  private hasWaited = false;

  constructor(
    private readonly parts: Pick<ApiParts, 'catalog' | 'triggers' | 'subscriptions' | 'permissions'>,
    private readonly call: BulkCall,
    private readonly times: BulkTimes,
  ) {
    this.patienceMs = times.partOutageMs;
  }

  /**
   * Sorts a page. A call that unsubscribes needs no permission, and nobody is asked about vehicles that the license has
   * no room for.
   */
  async sort(vehicles: readonly string[]): Promise<Judged> {
    const { kind, actor, triggerId } = this.call;
    if (!isSubscribing(kind)) return { granted: [...vehicles], failed: [], judged: {} };
    const { permissions, revision } = await neededPermissions(this.parts, actor.license, triggerId);
    const full = await this.parts.subscriptions.withoutRoom(actor.license, triggerId, vehicles);
    const left = full.length === 0 ? vehicles : vehicles.filter(notIn(full));
    const { granted, failed } = await sortByPermission(this.parts.permissions, actor.license, left, permissions);
    const judged = { revision, ...heldGrants(this.parts.permissions, permissions) };
    return { granted, failed: [...failed, ...withoutRoom(full)], judged };
  }

  /**
   * Whether a page of a call that nobody waits for is to be judged again later. `stalledForMs` tells since when it is so.
   * Throws when nothing can be told for too long.
   */
  async mustWait(
    { granted, failed }: Pick<Judged, 'granted' | 'failed'>,
    stalledForMs: () => Promise<number>,
  ): Promise<boolean> {
    const unknown = failed.filter(({ verdict }) => verdict === 'unknown').length;
    if (unknown === 0) {
      if (this.hasWaited) this.patienceMs = this.times.partOutageMs;
      this.hasWaited = false;
      return false;
    }
    if (unknown < granted.length + failed.length) return this.hasPatience(stalledForMs);
    if ((await stalledForMs()) < this.times.outageMs) return true;
    throw unavailable('Failed to validate permissions', 'Permissions could not be had.');
  }

  private async hasPatience(stalledForMs: () => Promise<number>): Promise<boolean> {
    if (this.patienceMs > 0 && (await stalledForMs()) < this.patienceMs) return (this.hasWaited = true);
    const halfMs = this.patienceMs / 2;
    if (this.hasWaited) this.patienceMs = halfMs < this.times.pauseMs ? 0 : halfMs;
    return (this.hasWaited = false);
  }
}

function notIn(vehicles: readonly string[]): (vehicle: string) => boolean {
  const others = new Set(vehicles);
  return (vehicle) => !others.has(vehicle);
}

/** Whether a call subscribes, and not the contrary. */
export function isSubscribing(kind: BulkCall['kind']): boolean {
  return kind === 'subscribe' || kind === 'subscribe_shared';
}
