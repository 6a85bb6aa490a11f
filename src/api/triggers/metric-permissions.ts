import type { TriggerRecord } from '../../store/trigger-record.js';
import type { TriggerChange } from '../../store/triggers.js';
import type { ApiParts } from '../api-parts.js';
import { Problem, unavailable } from '../problem.js';
import { heldGrants } from '../subscriptions/permitted-vehicles.js';

/** Vehicles that are read and asked for at once, as many as one query of the local grants takes in its stride. */
const VEHICLES_PER_CHECK = 1000;

/** How many refused vehicles an answer names. */
const NAMED_VEHICLES_MAX = 10;

type Parts = Pick<ApiParts, 'catalog' | 'subscriptions' | 'permissions'>;
type Watching = Pick<TriggerRecord, 'id' | 'license' | 'metricKind' | 'metric'>;

/**
 * Asks for the permissions that a change of metric adds, on every subscribed vehicle, since at subscribing only those
 * of the old metric were asked for. Resolves to what the store is to hold to: the vehicles that were judged, and maybe
 * their grants; nothing when the change adds none. Throws 403 when one is denied and 503 when nobody can say.
 */
export async function requireMetricPermissions(
  parts: Parts,
  trigger: Watching,
  change: TriggerChange,
): Promise<{ vehicles?: string[]; grantsNeeded?: readonly string[] }> {
  const permissions = addedPermissions(parts, trigger, change);
  if (permissions === undefined) return {};
  const judged: string[] = [];
  let isLast = false;
  while (!isLast) {
    const after = judged.at(-1);
    const page = { limit: VEHICLES_PER_CHECK, ...(after === undefined ? {} : { after }) };
    const vehicles = await parts.subscriptions.vehicles(trigger.id, page);
    if (vehicles.length > 0) await requirePermissions(parts, trigger.license, vehicles, permissions);
    for (const vehicle of vehicles) judged.push(vehicle);
    isLast = vehicles.length < VEHICLES_PER_CHECK;
  }
  return { vehicles: judged, ...heldGrants(parts.permissions, permissions) };
}

/** All that the new metric needs, when the old one needed less. */
function addedPermissions(
  { catalog }: Parts,
  { metricKind, metric }: Watching,
  change: TriggerChange,
): readonly string[] | undefined {
  const needed = catalog.find(change.metricKind ?? metricKind, change.metric ?? metric)?.permissions ?? [];
  // Of a metric that the operator has taken out of the catalogue nobody knows what was asked for.
  const asked = catalog.find(metricKind, metric)?.permissions ?? [];
  return needed.every((permission) => asked.includes(permission)) ? undefined : needed;
}

async function requirePermissions(
  { permissions: provider }: Parts,
  license: string,
  vehicles: readonly string[],
  permissions: readonly string[],
): Promise<void> {
  const verdicts = await provider.check(license, vehicles, permissions, { fresh: true });
  const denied = vehicles.filter((_vehicle, position) => verdicts[position] === 'denied');
  if (denied.length > 0) throw metricDenied(denied);
  if (vehicles.every((_vehicle, position) => verdicts[position] === 'granted')) return;
  throw unavailable(
    'Failed to validate permissions',
    'The permissions of the subscribed vehicles cannot be had at the moment. Nothing was changed.',
  );
}

function metricDenied(denied: readonly string[]): Problem {
  const named = denied.slice(0, NAMED_VEHICLES_MAX).join(', ');
  const isMore = denied.length > NAMED_VEHICLES_MAX;
  return new Problem(403, {
    kind: 'permission-denied',
    message: 'Insufficient vehicle permissions',
    detail:
      `Your license does not hold the permissions that the new metric needs on ${named}${isMore ? ' and others' : ''}. ` +
      'Nothing was changed. Unsubscribe these vehicles first, or have the permissions granted.',
  });
}
