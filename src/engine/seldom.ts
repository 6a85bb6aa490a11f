/** Lets something through once per period for each key: for log lines that could otherwise come with every sample. */
export class Seldom {
  private readonly lastMs = new Map<string, number>();

  constructor(private readonly limits: { periodMs: number; keysMax: number }) {}

  isDue(key: string, nowMs: number): boolean {
    const last = this.lastMs.get(key);
    if (last !== undefined && nowMs - last < this.limits.periodMs) return false;
    this.lastMs.delete(key);
    this.lastMs.set(key, nowMs);
    if (this.lastMs.size > this.limits.keysMax)
      for (const oldest of this.lastMs.keys()) {
        this.lastMs.delete(oldest);
        break;
      }
    return true;
  }
}
