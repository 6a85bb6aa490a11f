import { setImmediate } from 'node:timers/promises';
import type { SyncClaim } from '../../store/auto-syncs.js';
import { inParts } from '../../store/pages.js';
import type { ApiParts } from '../api-parts.js';
import type { BulkLimits } from '../operations/bulk-limits.js';
import { sharedVehicles } from '../operations/shared-vehicles.js';
import type { AskedOfLicense } from './asked-vehicles.js';
import type { AutoSubscribeLimits } from './auto-subscribe-limits.js';
import { TriggerSync } from './trigger-sync.js';

/** Entries of a list that are put in their places without a break. */
const PLACED_AT_ONCE = 10_000;

export interface LicenseSyncOptions {
  parts: Pick<
    ApiParts,
    | 'catalog'
    | 'triggers'
    | 'subscriptions'
    | 'revocations'
    | 'autoSyncs'
    | 'permissions'
    | 'quotas'
    | 'vehicleNft'
    | 'log'
  >;
  limits: Pick<AutoSubscribeLimits, 'askedAgainMax' | 'refusedMax'> & Pick<BulkLimits, 'sharedVehiclesMax'>;
  claim: SyncClaim;
  asked: AskedOfLicense;
  /** Throws when this is the moment to stop. */
  goOn: () => void;
}

/** How many vehicles joined and left, over all triggers. */
export interface SyncedCounts {
  triggers: number;
  joined: number;
  left: number;
}

/**
 * One round for one license: the whole list of what is shared with it, and then each of its triggers that wants it,
 * whatever its status, so that one that is switched on again has its vehicles. Throws when the list cannot be had whole,
 * and what the database throws; what was done until then stays.
 */
export async function syncLicense(options: LicenseSyncOptions): Promise<SyncedCounts> {
  const { parts, claim, limits, asked, goOn } = options;
  const counts: SyncedCounts = { triggers: 0, joined: 0, left: 0 };
  const triggerIds = await parts.autoSyncs.triggerIds(claim.license);
  if (triggerIds.length === 0) return counts;
  const shared = await readShared(options);
  asked.forgetOldest(limits.askedAgainMax);
  const grantedFor = new Map<string, Set<string>>();
  for (const id of triggerIds) {
    goOn();
    const trigger = await parts.triggers.find(claim.license, id);
    if (trigger?.autoSubscribe !== true) continue;
    const needed = parts.catalog.permissionsOf(trigger);
    const key = needed.join('\n');
    const granted = grantedFor.get(key) ?? new Set();
    grantedFor.set(key, granted);
    const { refusedMax } = limits;
    const common = { parts, claim, shared, asked, granted, refusedMax, goOn };
    const sync = new TriggerSync(common, { id, revision: trigger.revision, needed });
    await sync.run();
    counts.triggers++;
    counts.joined += sync.joined;
    counts.left += sync.left;
    if (sync.ended === 'over_quota') await tellOverQuota(options);
  }
  return counts;
}

/** A million of them are put in their places in parts, so that requests get their turn. */
async function readShared({ parts, claim, limits, goOn }: LicenseSyncOptions): Promise<Map<string, number>> {
  const vehicles = await sharedVehicles(parts, claim.license, { max: limits.sharedVehiclesMax, onPage: goOn });
  const places = new Map<string, number>();
  for (const some of inParts(vehicles, PLACED_AT_ONCE)) {
    for (const vehicle of some) places.set(vehicle, places.size);
    await setImmediate();
  }
  return places;
}

async function tellOverQuota({ parts, claim }: LicenseSyncOptions): Promise<void> {
  const { subscriptions: most } = await parts.quotas.of(claim.license);
  await parts.autoSyncs.tellOverQuota(claim, { limit: 'subscriptions', most });
}
