import type { MetricKind } from '../core/catalog.js';
import type { Condition } from '../core/condition.js';
import type { Trigger } from '../core/trigger.js';

/** A trigger as the engine evaluates it. Immutable: a change makes a new one, and who still holds this one sees it whole. */
export interface IndexedTrigger {
  readonly trigger: Trigger;
  readonly condition: Condition;
  /** Differs as soon as something may have changed the trigger's states behind the engine's back. */
  readonly epoch: number;
}

/** The place of one trigger in the index; `current` is replaced when it changes. */
export class TriggerEntry {
  vehicleCount = 0;
  /** Deleted. Sets may still have it, and skip it; they lose it as their vehicles are visited. */
  isGone = false;

  constructor(
    /** Orders and names the triggers inside a set. */
    readonly slot: number,
    public current: IndexedTrigger,
  ) {}
}

const NONE: readonly IndexedTrigger[] = Object.freeze([]);

/** Up to so many triggers are looked through faster than a lookup of their metrics is worth its kilobyte. */
const LOOKED_THROUGH_MAX = 32;

/** The triggers of all vehicles that have exactly these, by slot. */
export class TriggerSet {
  vehicleCount = 0;
  /** The next one of the same hash. */
  next: TriggerSet | undefined;
  private lookup: { metricChanges: number; byMetric: Map<string, TriggerEntry[]> } | undefined;

  constructor(
    readonly hash: number,
    readonly members: readonly TriggerEntry[],
  ) {}

  /**
   * The triggers on a metric that are not disabled; one that failed goes on firing, and its deliveries are held.
   * `metricChanges` counts how often a trigger of the index got another metric.
   */
  on(kind: MetricKind, metric: string, metricChanges: number): readonly IndexedTrigger[] {
    const found = this.among(metric, metricChanges);
    return found ? evaluated(found, kind, metric) : NONE;
  }

  /** Whether `on` would find any. */
  has(kind: MetricKind, metric: string, metricChanges: number): boolean {
    const found = this.among(metric, metricChanges);
    if (found) for (const entry of found) if (isOn(entry, kind, metric)) return true;
    return false;
  }

  /** Where the triggers on a metric are to be looked for. */
  private among(metric: string, metricChanges: number): readonly TriggerEntry[] | undefined {
    if (this.members.length <= LOOKED_THROUGH_MAX) return this.members;
    if (this.lookup?.metricChanges !== metricChanges) {
      this.lookup = { metricChanges, byMetric: byMetric(this.members) };
    }
    return this.lookup.byMetric.get(metric);
  }
}

/** Whether a trigger is evaluated on a metric. */
function isOn({ current: { trigger }, isGone }: TriggerEntry, kind: MetricKind, metric: string): boolean {
  return trigger.metric === metric && trigger.metricKind === kind && trigger.status !== 'disabled' && !isGone;
}

function byMetric(members: readonly TriggerEntry[]): Map<string, TriggerEntry[]> {
  const lookup = new Map<string, TriggerEntry[]>();
  for (const entry of members) {
    const { metric } = entry.current.trigger;
    const found = lookup.get(metric);
    if (found) found.push(entry);
    else lookup.set(metric, [entry]);
  }
  return lookup;
}

function evaluated(entries: readonly TriggerEntry[], kind: MetricKind, metric: string): readonly IndexedTrigger[] {
  let found: IndexedTrigger[] | undefined;
  for (const entry of entries) {
    if (!isOn(entry, kind, metric)) continue;
    if (found) found.push(entry.current);
    else found = [entry.current];
  }
  return found ?? NONE;
}

/**
 * All sets in use, each once: vehicles with the same triggers share one. Sets without vehicles are forgotten. `undefined`
 * is the set of a vehicle without triggers.
 */
export class TriggerSets {
  private readonly byHash = new Map<number, TriggerSet>();
  private count = 0;
  /** Moves along the trigger that was handled last: bulk changes make the same move many times. */
  private moves: { entry: TriggerEntry | undefined; to: Map<TriggerSet | undefined, TriggerSet | undefined> } = {
    entry: undefined,
    to: new Map(),
  };

  get size(): number {
    return this.count;
  }

  /** The set of a vehicle that had none: one that is in use, or the one with these triggers. */
  join(wanted: TriggerSet | readonly TriggerEntry[]): TriggerSet | undefined {
    const to = wanted instanceof TriggerSet ? wanted : this.intern(wanted.toSorted((a, b) => a.slot - b.slot));
    if (to) to.vehicleCount += 1;
    return to;
  }

  /** The set of a vehicle that gets one more trigger. Idempotent. */
  add(from: TriggerSet | undefined, entry: TriggerEntry): TriggerSet {
    if (from?.members.includes(entry)) return from;
    return this.move(from, entry, () => {
      const members = present(from?.members ?? []);
      const at = members.findIndex(({ slot }) => slot > entry.slot);
      return members.toSpliced(at === -1 ? members.length : at, 0, entry);
    })!;
  }

  /** The set of a vehicle that loses a trigger. Idempotent. */
  remove(from: TriggerSet | undefined, entry: TriggerEntry): TriggerSet | undefined {
    if (!from?.members.includes(entry)) return from;
    return this.move(from, entry, () => present(from.members).filter((member) => member !== entry));
  }

  /** The set of a vehicle that loses the triggers that are gone. */
  cleaned(from: TriggerSet): TriggerSet | undefined {
    const members = present(from.members);
    if (members === from.members) return from;
    const to = this.intern(members);
    if (to) to.vehicleCount += 1;
    this.leave(from);
    return to;
  }

  private move(
    from: TriggerSet | undefined,
    entry: TriggerEntry,
    members: () => readonly TriggerEntry[],
  ): TriggerSet | undefined {
    if (this.moves.entry !== entry || this.moves.to.size > MOVES_MAX) this.moves = { entry, to: new Map() };
    let to = this.moves.to.get(from);
    // A set without vehicles is forgotten, and must not be used again.
    if (!to || to.vehicleCount === 0) {
      to = this.intern(members());
      this.moves.to.set(from, to);
    }
    if (to) to.vehicleCount += 1;
    if (from) this.leave(from);
    return to;
  }

  private leave(set: TriggerSet): void {
    set.vehicleCount -= 1;
    if (set.vehicleCount === 0) this.forget(set);
  }

  private intern(members: readonly TriggerEntry[]): TriggerSet | undefined {
    if (members.length === 0) return undefined;
    const hash = hashOf(members);
    const first = this.byHash.get(hash);
    for (let known = first; known; known = known.next) if (isSame(known.members, members)) return known;
    const set = new TriggerSet(hash, members);
    set.next = first;
    this.byHash.set(hash, set);
    this.count += 1;
    return set;
  }

  private forget(set: TriggerSet): void {
    this.count -= 1;
    const first = this.byHash.get(set.hash)!;
    if (first !== set) {
      let before = first;
      while (before.next !== set) before = before.next!;
      before.next = set.next;
    } else if (set.next) this.byHash.set(set.hash, set.next);
    else this.byHash.delete(set.hash);
  }
}

const MOVES_MAX = 10_000;

function present(members: readonly TriggerEntry[]): readonly TriggerEntry[] {
  return members.some(({ isGone }) => isGone) ? members.filter(({ isGone }) => !isGone) : members;
}

function isSame(a: readonly TriggerEntry[], b: readonly TriggerEntry[]): boolean {
  return a.length === b.length && a.every((member, at) => member === b[at]);
}

/** FNV-1a over the slots, cut to the 30 bits that need no object of their own. */
function hashOf(members: readonly TriggerEntry[]): number {
  let hash = 0x811c9dc5;
  for (const { slot } of members) hash = Math.imul(hash ^ slot, 0x01000193) ^ (hash >>> 15);
  return hash & 0x3fffffff;
}
