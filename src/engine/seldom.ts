import { RecentMap } from '../core/recent-map.js';

/** Lets something through once per period for each key: for log lines that could otherwise come with every sample. */
export class Seldom {
  private readonly lastMs: RecentMap<string, number>;

  constructor(private readonly limits: { periodMs: number; keysMax: number }) {
    this.lastMs = new RecentMap(limits.keysMax);
  }

  isDue(key: string, nowMs: number): boolean {
    const last = this.lastMs.get(key);
    if (last !== undefined && nowMs - last < this.limits.periodMs) return false;
    this.lastMs.set(key, nowMs);
    return true;
  }
}
