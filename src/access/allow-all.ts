import type { PermissionProvider, Verdict } from './permission-provider.js';

/**
 * Lets every license read every vehicle: for demonstrations, where nobody wants to grant anything first. What is shared
 * with a license is what the other provider says, since "every vehicle" is no list. The settings refuse it wherever there
 * may be data of others.
 */
export class AllowAll implements PermissionProvider {
  readonly grantsDecide = false;

  constructor(private readonly options: { shared: Pick<PermissionProvider, 'sharedVehicles'> }) {}

  check(_license: string, vehicles: readonly string[]): Promise<Verdict[]> {
    return Promise.resolve(vehicles.map(() => 'granted'));
  }

  sharedVehicles(license: string): AsyncIterable<string[]> {
    return this.options.shared.sharedVehicles(license);
  }
}
