import { RecentMap } from '../core/recent-map.js';

const VEHICLES_MAX = 100_000;

/**
 * Vehicles of which some partition of this process lately had records that do not belong there. From then on, their
 * states are read anew in every chunk of every partition here. Another process does not know of it, but hears that
 * somebody stored such states (`readLately`), and then goes by none that it remembered of their bucket.
 * Bounded: the one that was seen longest ago makes room.
 */
export class ScatteredVehicles {
  private readonly vehicles = new RecentMap<string, true>(VEHICLES_MAX);

  has(vehicle: string): boolean {
    // Nearly always there is none.
    return this.vehicles.size > 0 && this.vehicles.get(vehicle) === true;
  }

  add(vehicle: string): void {
    this.vehicles.set(vehicle, true);
  }
}
