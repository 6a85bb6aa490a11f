import { describe, expect, test } from '@jest/globals';
import type { Trigger } from '../core/trigger.js';
import { random } from '../../test/support/random.js';
import { triggerOf } from '../../test/support/trigger-of.js';
import { IndexContents } from './index-contents.js';
import type { IndexChange } from './stores.js';

function idsOf(contents: IndexContents, vehicle: string, metric = 'speed'): string[] {
  return contents.triggersOf(vehicle, 'signal', metric).map(({ trigger }) => trigger.id);
}

/** An index as a load makes it. */
function loadedOf(triggers: readonly Trigger[], vehicles: Record<string, string>): IndexContents {
  const contents = new IndexContents();
  const loader = contents.loader();
  for (const trigger of triggers) loader.trigger(trigger);
  for (const [vehicle, triggerIds] of Object.entries(vehicles)) loader.vehicle(vehicle, triggerIds);
  return contents;
}

function contentsOf(triggers: readonly Trigger[], vehicles: Record<string, readonly Trigger[]>): IndexContents {
  const contents = new IndexContents();
  contents.apply(triggers.map(changed));
  for (const [vehicle, list] of Object.entries(vehicles))
    contents.apply(list.map((trigger) => joined(trigger, vehicle)));
  return contents;
}

const [a, b, c] = [triggerOf({ id: 'a' }), triggerOf({ id: 'b' }), triggerOf({ id: 'c', metric: 'powertrainRange' })];
const gone = ({ id }: Trigger): IndexChange => ({ kind: 'trigger', id, trigger: undefined });
const changed = (trigger: Trigger): IndexChange => ({ kind: 'trigger', id: trigger.id, trigger });
const joined = ({ id }: Trigger, vehicle: string): IndexChange => ({ kind: 'subscribed', triggerId: id, vehicle });
const left = ({ id }: Trigger, vehicle: string): IndexChange => ({ kind: 'unsubscribed', triggerId: id, vehicle });
const epochOf = (contents: IndexContents, vehicle: string) => contents.triggersOf(vehicle, 'signal', 'speed')[0]!.epoch;

describe('what concerns a vehicle', () => {
  test('is found by the metric that was sampled', () => {
    const contents = contentsOf([a, b, c], { v: [a, c] });
    expect(idsOf(contents, 'v')).toEqual(['a']);
    expect(idsOf(contents, 'v', 'powertrainRange')).toEqual(['c']);
    expect(contents.triggersOf('v', 'event', 'speed')).toEqual([]);
    expect(idsOf(contents, 'other')).toEqual([]);
  });

  test('keeps triggers that are disabled, without evaluating them, until they are enabled; failed ones go on', () => {
    const contents = contentsOf([{ ...a, status: 'disabled' }], { v: [a] });
    expect(idsOf(contents, 'v')).toEqual([]);
    expect(contents.hasVehicle('v')).toBe(true);
    contents.apply([changed({ ...a, status: 'enabled', revision: 2 })]);
    expect(idsOf(contents, 'v')).toEqual(['a']);
    contents.apply([changed({ ...a, status: 'failed', revision: 3 })]);
    expect(idsOf(contents, 'v')).toEqual(['a']);
    contents.apply([changed({ ...a, status: 'disabled', revision: 4 })]);
    expect(idsOf(contents, 'v')).toEqual([]);
  });

  test('takes over a changed metric and the new revision', () => {
    const contents = contentsOf([a], { v: [a] });
    contents.apply([changed({ ...a, metric: 'powertrainRange', revision: 2 })]);
    expect(idsOf(contents, 'v')).toEqual([]);
    expect(contents.triggersOf('v', 'signal', 'powertrainRange')[0]!.trigger.revision).toBe(2);
  });

  test('forgets a trigger that is gone, for every vehicle, without further changes', () => {
    const contents = contentsOf([a, b], { one: [a], both: [a, b], other: [b] });
    contents.apply([gone(a)]);
    expect(['one', 'both', 'other'].map((vehicle) => idsOf(contents, vehicle))).toEqual([[], ['b'], ['b']]);
    expect(contents.hasVehicle('one')).toBe(false);
    expect(contents.size).toEqual({ triggers: 1, subscriptions: 2, sets: 1 });
  });

  test('ignores subscriptions to triggers that are gone already', () => {
    const contents = contentsOf([], {});
    contents.apply([{ kind: 'subscribed', triggerId: 'a', vehicle: 'v' }, left(a, 'v'), gone(a)]);
    expect(contents.size).toEqual({ triggers: 0, subscriptions: 0, sets: 0 });
  });

  test('fails with a condition that does not compile, instead of keeping the index from loading', () => {
    const broken = triggerOf({ normalizedCondition: 'valueNumber >' });
    const [indexed] = contentsOf([broken], { v: [broken] }).triggersOf('v', 'signal', 'speed');
    expect(() => indexed!.condition.evaluate(undefined as never, undefined)).toThrow();
  });
});

describe('vehicles with the same triggers', () => {
  test('share one set, in whatever order they came to them', () => {
    const contents = contentsOf([a, b, c], { v: [a, b, c], w: [c, b, a], x: [b, a, c], y: [a] });
    expect(contents.size).toEqual({ triggers: 3, subscriptions: 10, sets: 2 });
  });

  test('share one set after bulk subscriptions and cancellations, and leave none behind', () => {
    const contents = contentsOf([a, b], {});
    const vehicles = Array.from({ length: 1000 }, (_, i) => `v${i}`);
    for (const trigger of [a, b]) contents.apply(vehicles.map((vehicle) => joined(trigger, vehicle)));
    expect(contents.size).toEqual({ triggers: 2, subscriptions: 2000, sets: 1 });
    contents.apply(vehicles.map((vehicle) => left(a, vehicle)));
    expect(contents.size).toEqual({ triggers: 2, subscriptions: 1000, sets: 1 });
    contents.apply(vehicles.map((vehicle) => left(b, vehicle)));
    expect(contents.size).toEqual({ triggers: 2, subscriptions: 0, sets: 0 });
  });
});

describe('what a load makes', () => {
  test('is what the same changes make, whatever the order in a list', () => {
    const contents = loadedOf([a, b, c], { v: 'a,b,c', w: 'a,b,c', x: 'c,a,b', y: 'b' });
    expect(idsOf(contents, 'x')).toEqual(['a', 'b']);
    expect(contents.size).toEqual({ triggers: 3, subscriptions: 10, sets: 2 });
    contents.apply([left(a, 'v'), left(c, 'v')]);
    expect(idsOf(contents, 'v')).toEqual(['b']);
    expect(contents.size).toEqual({ triggers: 3, subscriptions: 8, sets: 2 });
    contents.apply([gone(b)]);
    expect(contents.size).toEqual({ triggers: 2, subscriptions: 4, sets: 1 });
  });

  test('leaves out triggers that it was not given, and vehicles that have no others', () => {
    const contents = loadedOf([a], { v: 'deleted,a', w: 'deleted' });
    expect(idsOf(contents, 'v')).toEqual(['a']);
    expect(contents.hasVehicle('w')).toBe(false);
    expect(contents.size).toEqual({ triggers: 1, subscriptions: 1, sets: 1 });
  });
});

describe('a trigger that is deleted', () => {
  const vehicles = Array.from({ length: 12_000 }, (_, i) => `v${i}`);

  test('is gone at once from vehicles that are visited later, and when all have been, from the sets', () => {
    const contents = contentsOf([a, b], {});
    for (const trigger of [a, b]) contents.apply(vehicles.map((vehicle) => joined(trigger, vehicle)));
    contents.apply(vehicles.slice(6_000).map((vehicle) => left(b, vehicle)));
    contents.apply([gone(a)]);
    expect(vehicles.filter((vehicle) => idsOf(contents, vehicle).includes('a'))).toEqual([]);
    expect(vehicles.filter((vehicle) => contents.hasVehicle(vehicle)).length).toBe(6_000);
    expect(contents.size).toMatchObject({ triggers: 1, subscriptions: 6_000 });
    for (let step = 0; step < 3; step++) contents.apply([]);
    expect(contents.size).toEqual({ triggers: 1, subscriptions: 6_000, sets: 1 });
  });

  test('while vehicles are visited for another is gone from all sets too, in the end', () => {
    const contents = contentsOf([a, b, c], {});
    for (const trigger of [a, b, c]) contents.apply(vehicles.map((vehicle) => joined(trigger, vehicle)));
    contents.apply([gone(a)]);
    contents.apply([gone(b), left(c, vehicles[0]!)]);
    for (let step = 0; step < 5; step++) contents.apply([]);
    expect(contents.size).toEqual({ triggers: 1, subscriptions: 11_999, sets: 1 });
    contents.apply([gone(c)]);
    for (let step = 0; step < 3; step++) contents.apply([]);
    expect(contents.size).toEqual({ triggers: 0, subscriptions: 0, sets: 0 });
  });
});

describe('a vehicle with very many triggers', () => {
  const many = Array.from({ length: 100 }, (_, i) =>
    triggerOf({ id: `t${i}`, metric: i % 2 === 0 ? 'speed' : 'powertrainRange' }),
  );

  test('has those of the metric that was sampled, as they are now', () => {
    const contents = contentsOf(many, { v: many });
    expect(idsOf(contents, 'v').length).toBe(50);
    expect(contents.triggersOf('v', 'event', 'speed')).toEqual([]);
    contents.apply([changed({ ...many[0]!, metric: 'powertrainRange', revision: 2 })]);
    expect(idsOf(contents, 'v', 'powertrainRange')).toContain('t0');
    contents.apply([gone(many[2]!)]);
    expect(idsOf(contents, 'v').length).toBe(48);
    contents.apply([changed({ ...many[4]!, status: 'disabled', revision: 2 })]);
    expect(idsOf(contents, 'v')).not.toContain('t4');
  });
});

test('a set that its last vehicle left, and another joins by the same move, follows changes', () => {
  const contents = contentsOf([a, b], { v: [a] });
  contents.apply([left(a, 'v'), { kind: 'subscribed', triggerId: 'a', vehicle: 'w' }]);
  expect(idsOf(contents, 'w')).toEqual(['a']);
  contents.apply([changed({ ...a, status: 'disabled', revision: 2 })]);
  expect(idsOf(contents, 'w')).toEqual([]);
  contents.apply([joined(b, 'x'), joined(a, 'x'), left(b, 'x')]);
  expect(contents.size).toEqual({ triggers: 2, subscriptions: 2, sets: 1 });
  contents.apply([left(a, 'w')]);
  expect(contents.size).toEqual({ triggers: 2, subscriptions: 1, sets: 1 });
});

describe('the epoch, under which states are cached', () => {
  test('is renewed when a vehicle leaves, and the condition is not compiled again', () => {
    // One that does not compile: others are remembered by their text besides.
    const broken = triggerOf({ normalizedCondition: 'valueNumber >' });
    const contents = contentsOf([broken], { v: [broken], w: [broken] });
    const [before] = contents.triggersOf('v', 'signal', 'speed');
    const { condition } = before!;
    contents.apply([left(broken, 'w')]);
    const [after] = contents.triggersOf('v', 'signal', 'speed');
    expect(after!.epoch).not.toBe(before!.epoch);
    expect(after!.condition).toBe(condition);
  });

  test('stays while nothing happens to the trigger', () => {
    const contents = contentsOf([a, b], { v: [a] });
    const before = epochOf(contents, 'v');
    contents.apply([changed({ ...b, revision: 2 }), { kind: 'subscribed', triggerId: 'a', vehicle: 'w' }]);
    expect(epochOf(contents, 'v')).toBe(before);
  });

  test.each<[string, IndexChange]>([
    ['the trigger changed', changed({ ...a, revision: 2 })],
    ['a subscription to it ended, whose state may have been emptied', left(a, 'w')],
  ])('differs after %s', (_, change) => {
    const contents = contentsOf([a], { v: [a], w: [a] });
    const before = epochOf(contents, 'v');
    contents.apply([change]);
    expect(epochOf(contents, 'v')).not.toBe(before);
  });

  test('differs from that of the same trigger in an index that was loaded again', () => {
    expect(epochOf(contentsOf([a], { v: [a] }), 'v')).not.toBe(epochOf(contentsOf([a], { v: [a] }), 'v'));
  });
});

/** The same index, as plainly as possible. */
class PlainIndex {
  readonly triggers = new Map<string, Trigger>();
  readonly subscriptions = new Map<string, Set<string>>();

  apply(change: IndexChange): void {
    if (change.kind === 'trigger') {
      if (change.trigger) this.triggers.set(change.id, change.trigger);
      else {
        this.triggers.delete(change.id);
        for (const ids of this.subscriptions.values()) ids.delete(change.id);
      }
    } else if (change.kind === 'unsubscribed') this.subscriptions.get(change.vehicle)?.delete(change.triggerId);
    else if (this.triggers.has(change.triggerId)) {
      const ids = this.subscriptions.get(change.vehicle) ?? new Set();
      this.subscriptions.set(change.vehicle, ids.add(change.triggerId));
    }
  }

  enabled(vehicle: string): string[] {
    const ids = [...(this.subscriptions.get(vehicle) ?? [])];
    return ids.filter((id) => this.triggers.get(id)!.status === 'enabled').sort();
  }
}

test.each([1, 2, 3, 4, 5])('it answers as a plain index does, after any changes (seed %i)', (seed) => {
  const dice = random(seed);
  const below = (limit: number) => dice.below(limit);
  const contents = new IndexContents();
  const plain = new PlainIndex();
  for (let step = 0; step < 4000; step++) {
    const id = `t${below(12)}`;
    const vehicle = `v${below(40)}`;
    const status = below(4) === 0 ? 'disabled' : 'enabled';
    const change: IndexChange =
      below(30) === 0
        ? { kind: 'trigger', id, trigger: below(2) === 0 ? undefined : triggerOf({ id, status }) }
        : { kind: below(3) === 0 ? 'unsubscribed' : 'subscribed', triggerId: id, vehicle };
    contents.apply([change]);
    plain.apply(change);
    expect(idsOf(contents, vehicle).sort()).toEqual(plain.enabled(vehicle));
  }
  const lists = Array.from({ length: 40 }, (_, i) => [...(plain.subscriptions.get(`v${i}`) ?? [])].sort().join());
  for (let i = 0; i < 40; i++) expect(idsOf(contents, `v${i}`).sort()).toEqual(plain.enabled(`v${i}`));
  expect(contents.size.subscriptions).toBe([...plain.subscriptions.values()].reduce((sum, { size }) => sum + size, 0));
  expect(contents.size.sets).toBe(new Set(lists.filter((list) => list !== '')).size);
});
