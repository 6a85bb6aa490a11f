/** Vehicles of one license that were asked for and changed nothing, by the permissions that were asked for. */
export class AskedOfLicense {
  private readonly vehicles = new Map<string, Set<string>>();

  get size(): number {
    let size = 0;
    for (const some of this.vehicles.values()) size += some.size;
    return size;
  }

  has(needed: string, vehicle: string): boolean {
    return this.vehicles.get(needed)?.has(vehicle) === true;
  }

  add(needed: string, vehicle: string): void {
    const some = this.vehicles.get(needed) ?? new Set();
    this.vehicles.set(needed, some.add(vehicle));
  }

  /** Forgets so many of each set of permissions, those asked for longest ago: they are asked for again. */
  forgetOldest(count: number): void {
    for (const [needed, some] of this.vehicles) {
      let left = count;
      for (const vehicle of some) {
        if (left-- === 0) break;
        some.delete(vehicle);
      }
      if (some.size === 0) this.vehicles.delete(needed);
    }
  }
}

/**
 * What one process remembers of the vehicles it asked for in vain, so that a hundred thousand that are shared without a
 * permission are not asked for in every round. Whatever is forgotten is asked for once more.
 */
export class AskedVehicles {
  /** Those synced longest ago first. */
  private readonly licenses = new Map<string, AskedOfLicense>();

  constructor(private readonly max: number) {}

  of(license: string): AskedOfLicense {
    const asked = this.licenses.get(license) ?? new AskedOfLicense();
    this.licenses.delete(license);
    this.licenses.set(license, asked);
    return asked;
  }

  /** Keeps to the limit: forgets licenses, and of the last one what was asked for longest ago. */
  trim(): void {
    let size = 0;
    for (const asked of this.licenses.values()) size += asked.size;
    for (const [license, asked] of this.licenses) {
      if (size > this.max && this.licenses.size > 1) {
        size -= asked.size;
        this.licenses.delete(license);
      } else if (size > this.max) asked.forgetOldest(size - this.max);
      else if (asked.size === 0) this.licenses.delete(license);
    }
  }
}
