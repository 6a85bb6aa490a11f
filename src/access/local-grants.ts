import type { GrantStore } from '../store/grants.js';
import { PermissionsUnavailable } from './permission-provider.js';
import type { PermissionProvider, Verdict } from './permission-provider.js';

/** Permissions from grants in our own database, which operators manage over REST: for installations without DIMO's services. */
export class LocalGrants implements PermissionProvider {
  readonly grantsDecide = true;
  private readonly grants: Pick<GrantStore, 'withPermissions' | 'vehiclesOf'>;

  constructor(options: { grants: Pick<GrantStore, 'withPermissions' | 'vehiclesOf'> }) {
    this.grants = options.grants;
  }

  async check(license: string, vehicles: readonly string[], permissions: readonly string[]): Promise<Verdict[]> {
    const granted = await this.grants.withPermissions(license, vehicles, permissions);
    return vehicles.map((vehicle) => (granted.has(vehicle) ? 'granted' : 'denied'));
  }

  async *sharedVehicles(license: string): AsyncIterable<string[]> {
    try {
      yield* this.grants.vehiclesOf(license);
    } catch (error) {
      throw new PermissionsUnavailable('The grants cannot be read from the database', { cause: error });
    }
  }
}
