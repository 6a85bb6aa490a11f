import type { Catalog } from '../core/catalog.js';
import type { Log } from '../observability/log.js';
import type { AppliedTrigger, RevocationStore } from '../store/revocations.js';
import type { PermissionProvider } from './permission-provider.js';

export interface RevokerOptions {
  permissions: Pick<PermissionProvider, 'check'>;
  catalog: Catalog;
  revocations: Pick<RevocationStore, 'triggersOf' | 'revokeVehicle'>;
  log: Log;
}

/** Looks at a time: each takes a connection and a question, and whoever lost one vehicle may have lost all at once. */
const LOOKS_MAX = 8;

/** What is being done for one vehicle of a license, and what comes after it because somebody asked meanwhile. */
interface Rounds {
  running: Promise<void>;
  next: Promise<void> | undefined;
}

/**
 * Draws the consequence of a permission that was withdrawn: of the license's subscriptions of the vehicle, those end that
 * need what is denied. Which these are is asked anew for each set of permissions, since a license may keep one and lose
 * another; where nobody can say, nothing ends. What was subscribed after the question stays: its own came later.
 */
export class Revoker {
  private readonly rounds = new Map<string, Rounds>();
  private looks = 0;
  /** In the order in which they came. */
  private readonly waiting = new Set<() => void>();

  constructor(private readonly options: RevokerOptions) {}

  /**
   * Resolves when a look that began after this call is over. All who ask while one is under way share the next. Rejects
   * when the database fails: then it comes up again with the next firing.
   */
  revoke(license: string, vehicle: string): Promise<void> {
    const key = `${license} ${vehicle}`;
    const known = this.rounds.get(key);
    if (known)
      return (known.next ??= known.running.catch(() => undefined).then(() => this.begin(key, license, vehicle)));
    return this.begin(key, license, vehicle);
  }

  private begin(key: string, license: string, vehicle: string): Promise<void> {
    const round: Rounds = { running: Promise.resolve(), next: undefined };
    this.rounds.set(key, round);
    round.running = this.inTurn(() => this.work(license, vehicle)).finally(() => {
      if (round.next === undefined) this.rounds.delete(key);
    });
    return round.running;
  }

  private async inTurn(look: () => Promise<void>): Promise<void> {
    if (this.looks === LOOKS_MAX) await new Promise<void>((resolve) => this.waiting.add(resolve));
    else this.looks += 1;
    try {
      await look();
    } finally {
      const [next] = this.waiting;
      if (next === undefined) this.looks -= 1;
      else {
        this.waiting.delete(next);
        next();
      }
    }
  }

  private async work(license: string, vehicle: string): Promise<void> {
    const denied: AppliedTrigger[] = [];
    for (const { needed, subscribed } of this.byPermissions(
      await this.options.revocations.triggersOf(license, vehicle),
    )) {
      const [verdict] = await this.options.permissions.check(license, [vehicle], needed, { fresh: true });
      if (verdict === 'denied') denied.push(...subscribed);
    }
    if (denied.length === 0) return;
    const subscriptions = await this.options.revocations.revokeVehicle(license, vehicle, denied);
    this.options.log.info({ license, vehicle, subscriptions }, 'subscriptions ended: a permission was withdrawn');
  }

  private byPermissions(all: readonly AppliedTrigger[]): { needed: readonly string[]; subscribed: AppliedTrigger[] }[] {
    const groups = new Map<string, { needed: readonly string[]; subscribed: AppliedTrigger[] }>();
    for (const one of all) {
      const needed = this.options.catalog.permissionsOf(one);
      const key = needed.join('\n');
      const group = groups.get(key) ?? { needed, subscribed: [] };
      group.subscribed.push(one);
      groups.set(key, group);
    }
    return [...groups.values()];
  }
}
