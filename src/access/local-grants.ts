import type { GrantStore } from '../store/grants.js';
import { PermissionsUnavailable } from './permission-provider.js';
import type { PermissionProvider, Verdict } from './permission-provider.js';

/** Permissions from grants in our own database, which operators manage over REST: for installations without DIMO's services. */
export class LocalGrants implements PermissionProvider {
  readonly grantsDecide = true;
  private readonly grants: Pick<GrantStore, 'permissionsOf' | 'vehiclesOf'>;

  constructor(options: { grants: Pick<GrantStore, 'permissionsOf' | 'vehiclesOf'> }) {
    this.grants = options.grants;
  }

  async check(license: string, vehicles: readonly string[], permissions: readonly string[]): Promise<Verdict[]> {
    const held = await this.grants.permissionsOf(license, vehicles);
    return vehicles.map((vehicle) => judge(held.get(vehicle), permissions));
  }

  async *sharedVehicles(license: string): AsyncIterable<string[]> {
    try {
      yield* this.grants.vehiclesOf(license);
    } catch (error) {
      throw new PermissionsUnavailable('The grants cannot be read from the database', { cause: error });
    }
  }
}

function judge(held: readonly string[] | undefined, needed: readonly string[]): Verdict {
  return held !== undefined && needed.every((permission) => held.includes(permission)) ? 'granted' : 'denied';
}
