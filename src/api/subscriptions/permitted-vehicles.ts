import type { PermissionProvider, Verdict } from '../../access/permission-provider.js';
import type { FailedVehicle } from '../../store/operations.js';

/** Asked for at once, so that a list of a whole fleet neither waits for single answers nor floods the provider. */
const VEHICLES_PER_CHECK = 1000;

/** Sorts vehicles by whether the license holds all the permissions on them. */
export async function sortByPermission(
  provider: PermissionProvider,
  license: string,
  vehicles: readonly string[],
  permissions: readonly string[],
): Promise<{ granted: string[]; failed: FailedVehicle[] }> {
  const granted: string[] = [];
  const failed: FailedVehicle[] = [];
  for (let start = 0; start < vehicles.length; start += VEHICLES_PER_CHECK) {
    const some = vehicles.slice(start, start + VEHICLES_PER_CHECK);
    const verdicts = await askAgainWhereDenied(provider, license, some, permissions);
    some.forEach((vehicle, position) => {
      const verdict = verdicts[position] ?? 'unknown';
      if (verdict === 'granted') granted.push(vehicle);
      else failed.push({ vehicle, verdict });
    });
  }
  return { granted, failed };
}

/** What the store is to hold to while it writes what was judged by these permissions. */
export function heldGrants(
  { grantsDecide }: Pick<PermissionProvider, 'grantsDecide'>,
  permissions: readonly string[],
): { grantsNeeded?: readonly string[] } {
  return grantsDecide ? { grantsNeeded: permissions } : {};
}

/** A remembered "no" does not count here: owners often grant a permission because a subscription was refused. */
async function askAgainWhereDenied(
  provider: PermissionProvider,
  license: string,
  vehicles: readonly string[],
  permissions: readonly string[],
): Promise<Verdict[]> {
  const verdicts = await provider.check(license, vehicles, permissions);
  const denied = vehicles.filter((_vehicle, position) => verdicts[position] === 'denied');
  if (denied.length === 0) return verdicts;
  const second = new Map<string, Verdict>();
  const fresh = await provider.check(license, denied, permissions, { fresh: true });
  denied.forEach((vehicle, position) => second.set(vehicle, fresh[position] ?? 'unknown'));
  return vehicles.map((vehicle, position) => second.get(vehicle) ?? verdicts[position] ?? 'unknown');
}
