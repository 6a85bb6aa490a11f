import type { EntityManager } from 'typeorm';
import { roomFor, type StockLimits } from './stock.js';

/** Where vehicles are to be subscribed. */
export interface Subscribing {
  license: string;
  triggerId: string;
  /** Each once. */
  vehicles: readonly string[];
}

/** Vehicles that were not subscribed. */
export interface Refused {
  /** There was no room for these. */
  overQuota: string[];
  /** The grants of these were withdrawn since they were judged. */
  withoutGrant: string[];
}

/**
 * Subscribes as many of the vehicles as the license has room for, the first ones; those that are subscribed already take
 * none. Whoever calls holds `lockStock` and the trigger's row.
 */
export async function insertSubscriptions(
  manager: EntityManager,
  limits: StockLimits,
  wanted: Subscribing,
): Promise<{ changed: string[]; overQuota: string[] }> {
  const overQuota = await beyondRoom(manager, limits, wanted);
  const without = new Set(overQuota);
  const vehicles = wanted.vehicles.filter((vehicle) => !without.has(vehicle));
  const rows = await manager.query<{ vehicle: string }[]>(
    `insert into subscriptions (trigger_id, vehicle, created_at) select $1, v, now() from unnest($2::text[]) v
     on conflict do nothing returning vehicle`,
    [wanted.triggerId, vehicles],
  );
  return { changed: rows.map((row) => row.vehicle), overQuota };
}

/** Those of the vehicles that are not subscribed and that the license has no room for, in their order. */
export async function beyondRoom(
  manager: EntityManager,
  limits: StockLimits,
  { license, triggerId, vehicles }: Subscribing,
): Promise<string[]> {
  const { left } = await roomFor(manager, limits, { license, name: 'subscriptions' });
  if (left >= vehicles.length) return [];
  const rows = await manager.query<{ vehicle: string }[]>(
    'select vehicle from subscriptions where trigger_id = $1 and vehicle = any ($2::text[])',
    [triggerId, vehicles],
  );
  const already = new Set(rows.map((row) => row.vehicle));
  return vehicles.filter((vehicle) => !already.has(vehicle)).slice(left);
}

/** Unsubscribes vehicles; resolves to those that were subscribed. */
export async function deleteSubscriptions(
  manager: EntityManager,
  triggerId: string,
  vehicles: readonly string[],
): Promise<string[]> {
  const rows = await manager.query<{ vehicle: string }[]>(
    `with removed as (delete from subscriptions where trigger_id = $1 and vehicle = any ($2) returning vehicle)
     select vehicle from removed`,
    [triggerId, vehicles],
  );
  return rows.map((row) => row.vehicle);
}
