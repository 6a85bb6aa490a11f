import type { Actor } from './actor.js';
import { inChange } from './change.js';
import type { Database } from './database.js';
import { databaseNow } from './database-time.js';
import { GrantEntity } from './entities/grant.entity.js';
import { inParts } from './pages.js';

/** Vehicles that one page of `vehiclesOf` has at most. */
const VEHICLES_PAGE = 1_000;

const PUT_GRANT = `
insert into grants as known (license, vehicle, permissions, updated_at) values ($1, $2, $3, $4)
on conflict (license, vehicle) do update set permissions = excluded.permissions, updated_at = excluded.updated_at
where known.permissions is distinct from excluded.permissions
returning 1`;

/** Which license may read what of which vehicle, where that is managed here. Vehicles are canonical DIDs. */
export class GrantStore {
  constructor(private readonly database: Database) {}

  /** The permissions, undefined without a grant. */
  async get(license: string, vehicle: string): Promise<string[] | undefined> {
    const grant = await this.database.dataSource.manager.findOneBy(GrantEntity, { license, vehicle });
    return grant?.permissions;
  }

  /** Makes or replaces a grant; one that is the same already is left alone, without a log event. */
  put(actor: Actor, license: string, vehicle: string, permissions: string[]): Promise<void> {
    return inChange(this.database, actor, async (change) => {
      const changed = await change.manager.query<unknown[]>(PUT_GRANT, [license, vehicle, permissions, databaseNow()]);
      if (changed.length === 0) return;
      change.describe({ type: 'grant.changed', license, vehicle, details: { permissions } });
    });
  }

  /** False when there was none. */
  remove(actor: Actor, license: string, vehicle: string): Promise<boolean> {
    return inChange(this.database, actor, async (change) => {
      const { affected } = await change.manager.delete(GrantEntity, { license, vehicle });
      if (!affected) return false;
      change.describe({ type: 'grant.changed', license, vehicle, details: { permissions: [] } });
      return true;
    });
  }

  /**
   * Those of the vehicles whose grants have all of the permissions. The database compares them: parsing their lists, a
   * thousand with each page, was among the largest costs of subscribing many.
   */
  async withPermissions(
    license: string,
    vehicles: readonly string[],
    permissions: readonly string[],
  ): Promise<Set<string>> {
    const found = new Set<string>();
    for (const part of inParts(vehicles, VEHICLES_PAGE)) {
      // On every delivery's way, so prepared, which the control plane's statements are not.
      const { rows } = await this.database.pool.query<{ vehicle: string }>({
        name: 'with_permissions',
        text: `select vehicle from grants
               where license = $1 and vehicle = any ($2::text[]) and permissions @> $3::text[]`,
        values: [license, part, permissions],
      });
      for (const { vehicle } of rows) found.add(vehicle);
    }
    return found;
  }

  /** All vehicles of a license in pages, in byte order; what is granted meanwhile may be left out. */
  async *vehiclesOf(license: string): AsyncIterable<string[]> {
    let after = '';
    for (;;) {
      const rows = await this.database.dataSource.query<{ vehicle: string }[]>(
        `select vehicle from grants where license = $1 and vehicle > $2 order by vehicle limit ${VEHICLES_PAGE}`,
        [license, after],
      );
      if (rows.length > 0) yield rows.map((row) => row.vehicle);
      if (rows.length < VEHICLES_PAGE) return;
      after = rows.at(-1)!.vehicle;
    }
  }
}
