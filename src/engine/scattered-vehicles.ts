const VEHICLES_MAX = 100_000;

/**
 * Vehicles of which some partition of this process lately had records that do not belong there. From then on, their
 * states are read anew in every chunk of every partition here. Another process does not know of it, but hears that
 * somebody stored such states (`ChunkStore.scattered`), and then goes by none that it remembered. Bounded: the one that
 * was seen longest ago makes room.
 */
export class ScatteredVehicles {
  private readonly vehicles = new Set<string>();

  has(vehicle: string): boolean {
    return this.vehicles.has(vehicle);
  }

  add(vehicle: string): void {
    this.vehicles.delete(vehicle);
    this.vehicles.add(vehicle);
    if (this.vehicles.size <= VEHICLES_MAX) return;
    for (const oldest of this.vehicles) {
      this.vehicles.delete(oldest);
      return;
    }
  }
}
