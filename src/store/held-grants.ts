import type { EntityManager } from 'typeorm';
import { BULK_SIZE, inParts } from './pages.js';

/** What vehicles were judged to be granted. */
export interface HeldGrants {
  license: string;
  vehicles: readonly string[];
  permissions: readonly string[];
}

/**
 * Those of the vehicles whose grants lack one of the permissions, in their order. The grants of all others stay as they
 * are until the transaction ends: a grant is either withdrawn before, and seen here, or after whatever the transaction
 * writes, which the revocation that follows the withdrawal then finds. Comes before any lock of a trigger or an endpoint,
 * since whoever changes a grant takes such locks after it.
 */
export async function withoutGrant(
  manager: EntityManager,
  { license, vehicles, permissions }: HeldGrants,
): Promise<string[]> {
  const held = new Set<string>();
  for (const part of inParts(vehicles, BULK_SIZE)) {
    const rows = await manager.query<{ vehicle: string }[]>(
      `select g.vehicle from unnest($2::text[]) named (vehicle)
       join grants g on g.license = $1 and g.vehicle = named.vehicle and g.permissions @> $3::text[]
       for share of g`,
      [license, part, permissions],
    );
    for (const { vehicle } of rows) held.add(vehicle);
  }
  return vehicles.filter((vehicle) => !held.has(vehicle));
}
