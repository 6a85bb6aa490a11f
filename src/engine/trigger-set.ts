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
  /** The sets that it belongs to. */
  readonly sets = new Set<TriggerSet>();

  constructor(
    /** Orders and names the triggers inside a set. */
    readonly slot: number,
    public current: IndexedTrigger,
  ) {}
}

const NONE: readonly IndexedTrigger[] = Object.freeze([]);

/** The triggers of all vehicles that have exactly these. */
export class TriggerSet {
  vehicleCount = 0;
  /** The set that this one became equal to when a trigger went away; holders move on to it. */
  replacedBy: TriggerSet | undefined;
  private lookups: Record<MetricKind, Map<string, IndexedTrigger[]>> | undefined;

  constructor(
    public key: string,
    public members: readonly TriggerEntry[],
  ) {}

  /**
   * The triggers on a metric that are not disabled; one that failed goes on firing, and its deliveries are held. The
   * lookup is made when it is first asked for after a change.
   */
  on(kind: MetricKind, metric: string): readonly IndexedTrigger[] {
    this.lookups ??= lookupsOf(this.members);
    return this.lookups[kind].get(metric) ?? NONE;
  }

  /** Forgets the lookup: a member changed. */
  changed(): void {
    this.lookups = undefined;
  }
}

function lookupsOf(members: readonly TriggerEntry[]): Record<MetricKind, Map<string, IndexedTrigger[]>> {
  const lookups = { signal: new Map<string, IndexedTrigger[]>(), event: new Map<string, IndexedTrigger[]>() };
  for (const { current } of members) {
    const { metricKind, metric, status } = current.trigger;
    if (status === 'disabled') continue;
    const lookup = lookups[metricKind];
    const found = lookup.get(metric);
    if (found) found.push(current);
    else lookup.set(metric, [current]);
  }
  return lookups;
}

/** All sets in use, each once: vehicles with the same triggers share one. Sets without vehicles are forgotten. */
export class TriggerSets {
  private readonly byKey = new Map<string, TriggerSet>();
  /** Moves along the trigger that was handled last: bulk changes and the first load make the same move many times. */
  private moves: { entry: TriggerEntry | undefined; to: Map<TriggerSet | undefined, TriggerSet | undefined> } = {
    entry: undefined,
    to: new Map(),
  };

  get size(): number {
    return this.byKey.size;
  }

  /** The set of a vehicle that gets one more trigger; `undefined` is the set of none. Idempotent. */
  add(from: TriggerSet | undefined, entry: TriggerEntry): TriggerSet {
    if (from?.members.includes(entry)) return from;
    return this.move(from, entry, () => [...(from?.members ?? []), entry])!;
  }

  /** The set of a vehicle that loses a trigger. Idempotent. */
  remove(from: TriggerSet | undefined, entry: TriggerEntry): TriggerSet | undefined {
    if (!from?.members.includes(entry)) return from;
    return this.move(from, entry, () => from.members.filter((member) => member !== entry));
  }

  /**
   * Takes a trigger out of every set without touching a vehicle: a set is changed in place, or, when there already is
   * one like it, replaced by that one.
   */
  drop(entry: TriggerEntry): void {
    for (const set of [...entry.sets]) {
      this.forget(set);
      const members = set.members.filter((member) => member !== entry);
      const key = keyOf(members);
      const same = this.byKey.get(key);
      if (same) {
        set.replacedBy = same;
        same.vehicleCount += set.vehicleCount;
      } else {
        set.key = key;
        set.members = members;
        set.changed();
        if (members.length > 0) this.keep(set);
      }
    }
  }

  /** The set that stands for this one today; `undefined` when nothing is left in it. */
  resolve(set: TriggerSet): TriggerSet | undefined {
    let current = set;
    while (current.replacedBy) current = current.replacedBy;
    return current.members.length > 0 ? current : undefined;
  }

  private move(
    from: TriggerSet | undefined,
    entry: TriggerEntry,
    members: () => TriggerEntry[],
  ): TriggerSet | undefined {
    if (this.moves.entry !== entry || this.moves.to.size > MOVES_MAX) this.moves = { entry, to: new Map() };
    let to = this.moves.to.get(from);
    if (!to || this.byKey.get(to.key) !== to) {
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

  private intern(unsorted: TriggerEntry[]): TriggerSet | undefined {
    if (unsorted.length === 0) return undefined;
    const members = unsorted.sort((a, b) => a.slot - b.slot);
    const key = keyOf(members);
    const known = this.byKey.get(key);
    if (known) return known;
    const set = new TriggerSet(key, members);
    this.keep(set);
    return set;
  }

  private keep(set: TriggerSet): void {
    this.byKey.set(set.key, set);
    for (const member of set.members) member.sets.add(set);
  }

  private forget(set: TriggerSet): void {
    this.byKey.delete(set.key);
    for (const member of set.members) member.sets.delete(set);
  }
}

const MOVES_MAX = 10_000;

function keyOf(members: readonly TriggerEntry[]): string {
  return members.map(({ slot }) => slot).join(',');
}
