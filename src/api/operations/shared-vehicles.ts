import { parseAddress } from '../../core/address.js';
import type { ApiParts, VehicleNft } from '../api-parts.js';
import { Problem } from '../problem.js';

/**
 * Every vehicle of the configured contract that is shared with a license, each once. Calls `onPage` after each page, to
 * break off by throwing. Throws `PermissionsUnavailable` when the list cannot be had whole, and a 400 when it has more
 * than `max`.
 */
export async function sharedVehicles(
  { permissions, vehicleNft }: Pick<ApiParts, 'permissions' | 'vehicleNft'>,
  license: string,
  { max, onPage }: { max: number; onPage: () => void },
): Promise<string[]> {
  const prefix = vehicleNft ? didPrefix(vehicleNft) : '';
  const vehicles = new Set<string>();
  for await (const page of permissions.sharedVehicles(license)) {
    for (const vehicle of page) if (vehicle.startsWith(prefix)) vehicles.add(vehicle);
    if (vehicles.size > max) throw tooManyShared(max);
    onPage();
  }
  return [...vehicles];
}

/** How the DIDs of a contract's vehicles begin. Throws when it is no address. */
export function didPrefix({ chainId, contract }: VehicleNft): string {
  const address = parseAddress(contract);
  if (address === undefined) throw new Error(`the vehicles' contract is no address: ${contract}`);
  return `did:erc721:${chainId}:${address}:`;
}

function tooManyShared(max: number): Problem {
  const detail = `More than ${max} vehicles are shared with your license: subscribe lists of them.`;
  return new Problem(400, { message: 'Too many shared vehicles', detail });
}
