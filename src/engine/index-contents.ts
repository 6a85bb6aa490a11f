import type { MetricKind } from '../core/catalog.js';
import { compileCondition, type Condition } from '../core/condition.js';
import type { Trigger } from '../core/trigger.js';
import type { IndexChange } from './stores.js';
import { type IndexedTrigger, TriggerEntry, type TriggerSet, TriggerSets } from './trigger-set.js';
import { VehicleMap } from './vehicle-map.js';

const NONE: readonly IndexedTrigger[] = Object.freeze([]);

/** Vehicles that each call visits to rid their sets of deleted triggers: some ms when each has a set of its own. */
const VISITED_AT_ONCE = 5_000;
/** Lists of triggers that a load remembers the set of. */
const KNOWN_LISTS_MAX = 10_000;

/** Epochs are unique in the process, so that they also differ from those of an index that was thrown away. */
let lastEpoch = 0;

/**
 * Which triggers concern which vehicle, in memory. A vehicle costs its name and a reference to the set of triggers that
 * it shares with all vehicles that have the same ones. Everything here is synchronous and idempotent. No call takes
 * longer than what it was given is long: a deleted trigger is marked, and leaves the sets that have it in small steps, a
 * step with each call of `apply`.
 */
export class IndexContents {
  private readonly entries = new Map<string, TriggerEntry>();
  private readonly vehicles = new VehicleMap<TriggerSet>();
  private readonly sets = new TriggerSets();
  private nextSlot = 0;
  private subscriptions = 0;
  private metricChanges = 0;
  private visiting: Iterator<[vehicle: string, set: TriggerSet], undefined> | undefined;
  /** Triggers were deleted since the visit began that is under way. */
  private mustVisit = false;

  /** Sets that differ only in deleted triggers count as several until they have been visited. */
  get size(): { triggers: number; subscriptions: number; sets: number } {
    return { triggers: this.entries.size, subscriptions: this.subscriptions, sets: this.sets.size };
  }

  /** The enabled triggers on a metric of a vehicle, each as it is now. */
  triggersOf(vehicle: string, kind: MetricKind, metric: string): readonly IndexedTrigger[] {
    return this.triggersBy(vehicle, kind)?.(metric) ?? NONE;
  }

  /**
   * The same for who asks for several metrics of one vehicle, which is then looked up once. To be used at once: it does
   * not follow changes. Undefined for a vehicle without any trigger.
   */
  triggersBy(vehicle: string, kind: MetricKind): ((metric: string) => readonly IndexedTrigger[]) | undefined {
    const set = this.vehicles.get(vehicle);
    return set && ((metric) => set.on(kind, metric, this.metricChanges));
  }

  /** Whether `triggersBy` would find any, for each metric; as that, to be used at once. */
  watchedBy(vehicle: string, kind: MetricKind): ((metric: string) => boolean) | undefined {
    const set = this.vehicles.get(vehicle);
    return set && ((metric) => set.has(kind, metric, this.metricChanges));
  }

  hasVehicle(vehicle: string): boolean {
    return this.vehicles.get(vehicle)?.members.some(({ isGone }) => !isGone) ?? false;
  }

  /**
   * What fills an empty index: triggers first, then each vehicle once, with its triggers as a comma-separated list in
   * any order. Vehicles with the same text cost one look at it, which is why it comes as a text.
   */
  loader(): { trigger(trigger: Trigger): void; vehicle(vehicle: string, triggerIds: string): void } {
    const known = new Map<string, TriggerSet>();
    return {
      trigger: (trigger) => this.setTrigger(trigger),
      vehicle: (vehicle, triggerIds) => {
        const set = this.sets.join(known.get(triggerIds) ?? this.entriesOf(triggerIds));
        if (!set) return;
        if (known.size >= KNOWN_LISTS_MAX) known.clear();
        known.set(triggerIds, set);
        this.vehicles.set(vehicle, set);
        for (const entry of set.members) entry.vehicleCount += 1;
        this.subscriptions += set.members.length;
      },
    };
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
    for (const entry of left) entry.current = LazyTrigger.again(entry.current);
    this.visitSome();
  }

  private setTrigger(trigger: Trigger): void {
    const entry = this.entries.get(trigger.id);
    const current = new LazyTrigger(trigger);
    if (!entry) {
      this.entries.set(trigger.id, new TriggerEntry(this.nextSlot++, current));
      return;
    }
    const { metricKind, metric } = entry.current.trigger;
    if (metricKind !== trigger.metricKind || metric !== trigger.metric) this.metricChanges += 1;
    entry.current = current;
  }

  private removeTrigger(id: string): void {
    const entry = this.entries.get(id);
    if (!entry) return;
    this.entries.delete(id);
    entry.isGone = true;
    this.subscriptions -= entry.vehicleCount;
    if (entry.vehicleCount > 0) this.mustVisit = true;
  }

  /** Does nothing for a trigger that is not known: it is gone already, and its own change says so. */
  private subscribe(triggerId: string, vehicle: string): void {
    const entry = this.entries.get(triggerId);
    if (!entry) return;
    const from = this.vehicles.get(vehicle);
    const to = this.sets.add(from, entry);
    if (to === from) return;
    this.vehicles.set(vehicle, to);
    this.subscriptions += 1;
    entry.vehicleCount += 1;
  }

  private unsubscribe(triggerId: string, vehicle: string): TriggerEntry | undefined {
    const entry = this.entries.get(triggerId);
    const from = this.vehicles.get(vehicle);
    if (!entry || !from) return undefined;
    const to = this.sets.remove(from, entry);
    if (to === from) return undefined;
    this.put(vehicle, to);
    this.subscriptions -= 1;
    entry.vehicleCount -= 1;
    return entry;
  }

  private put(vehicle: string, set: TriggerSet | undefined): void {
    if (set) this.vehicles.set(vehicle, set);
    else this.vehicles.delete(vehicle);
  }

  private entriesOf(triggerIds: string): TriggerEntry[] {
    return triggerIds.split(',').flatMap((id) => this.entries.get(id) ?? []);
  }

  /** Goes on with the visit of all vehicles that a deleted trigger asks for; one deleted meanwhile asks for another. */
  private visitSome(): void {
    if (!this.visiting) {
      if (!this.mustVisit) return;
      this.mustVisit = false;
      this.visiting = this.vehicles.entries();
    }
    for (let visited = 0; visited < VISITED_AT_ONCE; visited++) {
      const next = this.visiting.next();
      if (next.done) {
        this.visiting = undefined;
        return;
      }
      const [vehicle, set] = next.value;
      const cleaned = this.sets.cleaned(set);
      if (cleaned !== set) this.put(vehicle, cleaned);
    }
  }
}

/**
 * Compiles its condition when it is first asked for: thousands that come at once, with a load or after a disconnection,
 * hold up nobody.
 */
class LazyTrigger implements IndexedTrigger {
  readonly epoch = ++lastEpoch;

  constructor(
    readonly trigger: Trigger,
    private readonly compiled: { condition?: Condition } = {},
  ) {}

  /** The same trigger under a new epoch; whichever of the two is asked first compiles for both. */
  static again(former: IndexedTrigger): LazyTrigger {
    return new LazyTrigger(former.trigger, former instanceof LazyTrigger ? former.compiled : {});
  }

  get condition(): Condition {
    return (this.compiled.condition ??= conditionOf(this.trigger));
  }
}

/** A stored condition that does not compile any more fails whenever it is asked; it must not stop its neighbours. */
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
