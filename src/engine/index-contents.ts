import type { MetricKind } from '../core/catalog.js';
import { compileCondition, type Condition } from '../core/condition.js';
import type { Trigger } from '../core/trigger.js';
import type { IndexChange } from './stores.js';
import { type IndexedTrigger, TriggerEntry, type TriggerSet, TriggerSets } from './trigger-set.js';

const NONE: readonly IndexedTrigger[] = Object.freeze([]);

/** Vehicles without any trigger left are swept out when they are this many, and a fourth of all. */
const EMPTY_VEHICLES_MAX = 10_000;

/** Epochs are unique in the process, so that they also differ from those of an index that was thrown away. */
let lastEpoch = 0;

/**
 * Which triggers concern which vehicle, in memory. A vehicle costs its name and a reference to the set of triggers that
 * it shares with all vehicles that have the same ones. Everything here is synchronous and idempotent.
 */
export class IndexContents {
  private readonly entries = new Map<string, TriggerEntry>();
  private readonly vehicles = new Map<string, TriggerSet>();
  private readonly sets = new TriggerSets();
  private nextSlot = 0;
  private emptyVehicles = 0;
  private subscriptions = 0;

  get size(): { triggers: number; subscriptions: number; sets: number } {
    return { triggers: this.entries.size, subscriptions: this.subscriptions, sets: this.sets.size };
  }

  /** The enabled triggers on a metric of a vehicle, each as it is now. */
  triggersOf(vehicle: string, kind: MetricKind, metric: string): readonly IndexedTrigger[] {
    return this.setOf(vehicle)?.on(kind, metric) ?? NONE;
  }

  hasVehicle(vehicle: string): boolean {
    return this.setOf(vehicle) !== undefined;
  }

  /**
   * Applies changes in their order. A subscription that ended may have taken its state along, so what is remembered of
   * its trigger's states becomes void, once for all of them.
   */
  apply(changes: readonly IndexChange[]): void {
    const left = new Set<TriggerEntry>();
    for (const change of changes) {
      if (change.kind === 'subscribed') this.subscribe(change.triggerId, change.vehicle);
      else if (change.kind === 'trigger' && change.trigger) this.setTrigger(change.trigger);
      else if (change.kind === 'trigger') this.removeTrigger(change.id);
      else {
        const entry = this.unsubscribe(change.triggerId, change.vehicle);
        if (entry) left.add(entry);
      }
    }
    for (const entry of left) replace(entry, Object.freeze({ ...entry.current, epoch: ++lastEpoch }));
  }

  setTrigger(trigger: Trigger): void {
    const entry = this.entries.get(trigger.id);
    if (!entry) {
      this.entries.set(trigger.id, new TriggerEntry(this.nextSlot++, indexed(trigger)));
      return;
    }
    replace(entry, indexed(trigger));
  }

  private removeTrigger(id: string): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    this.entries.delete(id);
    for (const set of entry.sets) {
      this.subscriptions -= set.vehicleCount;
      if (set.members.length === 1) this.emptyVehicles += set.vehicleCount;
    }
    this.sets.drop(entry);
    if (this.emptyVehicles > EMPTY_VEHICLES_MAX && this.emptyVehicles * 4 > this.vehicles.size) this.sweep();
  }

  /** Does nothing for a trigger that is not known: it is gone already, and its own change says so. */
  subscribe(triggerId: string, vehicle: string): void {
    const entry = this.entries.get(triggerId);
    if (!entry) return;
    const from = this.setOf(vehicle);
    const to = this.sets.add(from, entry);
    if (to === from) return;
    this.vehicles.set(vehicle, to);
    this.subscriptions += 1;
  }

  private unsubscribe(triggerId: string, vehicle: string): TriggerEntry | undefined {
    const entry = this.entries.get(triggerId);
    const from = this.setOf(vehicle);
    if (!entry || !from) return undefined;
    const to = this.sets.remove(from, entry);
    if (to === from) return undefined;
    if (to) this.vehicles.set(vehicle, to);
    else this.vehicles.delete(vehicle);
    this.subscriptions -= 1;
    return entry;
  }

  private setOf(vehicle: string): TriggerSet | undefined {
    const set = this.vehicles.get(vehicle);
    if (!set) return undefined;
    const current = this.sets.resolve(set);
    if (current === set) return set;
    if (current) this.vehicles.set(vehicle, current);
    else this.forgetEmpty(vehicle);
    return current;
  }

  private forgetEmpty(vehicle: string): void {
    this.vehicles.delete(vehicle);
    this.emptyVehicles -= 1;
  }

  private sweep(): void {
    for (const [vehicle, set] of this.vehicles) if (!this.sets.resolve(set)) this.forgetEmpty(vehicle);
    this.emptyVehicles = 0;
  }
}

function replace(entry: TriggerEntry, current: IndexedTrigger): void {
  entry.current = current;
  for (const set of entry.sets) set.changed();
}

function indexed(trigger: Trigger): IndexedTrigger {
  return Object.freeze({ trigger, condition: conditionOf(trigger), epoch: ++lastEpoch });
}

/** A stored condition that does not compile any more fails whenever it is asked; it must not keep the index from loading. */
function conditionOf({ valueKind, normalizedCondition }: Trigger): Condition {
  try {
    return compileCondition(valueKind, normalizedCondition);
  } catch (error) {
    return {
      readsPrevious: false,
      evaluate: () => {
        throw error;
      },
    };
  }
}
