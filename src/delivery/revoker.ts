import type { PermissionProvider } from '../access/permission-provider.js';
import type { Catalog, MetricKind } from '../core/catalog.js';
import type { Log } from '../observability/log.js';

/** A trigger of a license that a vehicle is subscribed to. */
interface Subscribed {
  triggerId: string;
  metricKind: MetricKind;
  metric: string;
}

export interface RevokerOptions {
  permissions: Pick<PermissionProvider, 'check'>;
  catalog: Catalog;
  /** The license's own triggers alone. */
  triggersOf: (license: string, vehicle: string) => Promise<Subscribed[]>;
  /** Removes these subscriptions and tells the license; to how many that came. */
  revoke: (license: string, vehicle: string, triggerIds: string[]) => Promise<number>;
  log: Log;
}

/**
 * Draws the consequence of a permission that was withdrawn: of the license's subscriptions of the vehicle, those end that
 * need what is denied. Which these are is asked anew for each set of permissions, since a license may keep one and lose
 * another; where nobody can say, nothing ends.
 */
export class Revoker {
  private readonly running = new Map<string, Promise<void>>();

  constructor(private readonly options: RevokerOptions) {}

  /** Never rejects: what fails is logged, and comes up again with the next firing. Asked twice at once it works once. */
  revoke(license: string, vehicle: string): Promise<void> {
    const key = `${license} ${vehicle}`;
    const known = this.running.get(key);
    if (known) return known;
    const run = this.work(license, vehicle)
      .catch((error: unknown) => {
        this.options.log.warn({ err: error, license, vehicle }, 'revoked subscriptions could not be removed');
      })
      .finally(() => this.running.delete(key));
    this.running.set(key, run);
    return run;
  }

  private async work(license: string, vehicle: string): Promise<void> {
    const denied: string[] = [];
    for (const { needed, triggerIds } of this.byPermissions(await this.options.triggersOf(license, vehicle))) {
      const [verdict] = await this.options.permissions.check(license, [vehicle], needed, { fresh: true });
      if (verdict === 'denied') denied.push(...triggerIds);
    }
    if (denied.length === 0) return;
    const subscriptions = await this.options.revoke(license, vehicle, denied);
    this.options.log.info({ license, vehicle, subscriptions }, 'subscriptions ended: a permission was withdrawn');
  }

  private byPermissions(subscribed: readonly Subscribed[]): { needed: readonly string[]; triggerIds: string[] }[] {
    const groups = new Map<string, { needed: readonly string[]; triggerIds: string[] }>();
    for (const { triggerId, metricKind, metric } of subscribed) {
      const needed = this.options.catalog.find(metricKind, metric)?.permissions ?? [];
      const key = needed.join('\n');
      const group = groups.get(key) ?? { needed, triggerIds: [] };
      group.triggerIds.push(triggerId);
      groups.set(key, group);
    }
    return [...groups.values()];
  }
}
