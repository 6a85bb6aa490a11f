import { describe, expect, test } from '@jest/globals';
import { random } from '../../test/support/random.js';
import { spreadPartitions, type GroupMember, type Partitions } from './rendezvous.js';

const dice = random(20);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const topicsOf = (sizes: Record<string, number>): Partitions =>
  new Map(Object.entries(sizes).map(([topic, size]) => [topic, upTo(size)]));

let memberIds = 0;
function member(name: string, topics: Iterable<string>, owned?: Partitions): GroupMember {
  memberIds += 1;
  return { id: `${name}-${memberIds}`, name, topics: new Set(topics), owned };
}

/** The members as they are after a generation: each knows what it got. */
function after(members: readonly GroupMember[], spread: Map<string, Map<string, number[]>>): GroupMember[] {
  return members.map((each) => ({ ...each, owned: spread.get(each.id)! }));
}

/** Who has what, by "topic partition". Fails when a partition is given twice. */
function ownersOf(members: readonly GroupMember[], spread: Map<string, Map<string, number[]>>): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { id, name } of members) {
    for (const [topic, partitions] of spread.get(id)!) {
      for (const partition of partitions) {
        expect(owners.has(`${topic} ${partition}`)).toBe(false);
        owners.set(`${topic} ${partition}`, name);
      }
    }
  }
  return owners;
}

const movedBetween = (before: Map<string, string>, now: Map<string, string>) =>
  [...before].filter(([key, name]) => now.get(key) !== name).map(([key, name]) => ({ key, name }));

/** Groups of all sorts: of 1 to 12 members, with and without claims, of which some are nonsense. */
const GROUPS = upTo(120).map(() => {
  const topics = topicsOf({ signals: dice.below(40), events: dice.below(40) });
  const areSettled = dice.below(2) === 0;
  const members = upTo(1 + dice.below(12)).map(() => {
    const claim = (size: number) => upTo(dice.below(8)).map(() => dice.below(size + 3));
    const owned = new Map([...topics].map(([topic, partitions]) => [topic, claim(partitions.length)]));
    const subscribed = dice.below(5) === 0 ? ['signals'] : ['signals', 'events'];
    return member(`engine-${dice.below(9)}`, subscribed, areSettled || dice.below(2) === 0 ? owned : undefined);
  });
  return { topics, members };
});

describe('partitions', () => {
  test('are each given to exactly one member that subscribes to their topic, in even shares', () => {
    for (const { topics, members } of GROUPS) {
      const spread = spreadPartitions(members, topics);
      const owners = ownersOf(members, spread);
      for (const [topic, partitions] of topics) {
        const subscribers = members.filter((each) => each.topics.has(topic));
        for (const partition of partitions) expect(owners.has(`${topic} ${partition}`)).toBe(subscribers.length > 0);
        for (const each of members) {
          const share = spread.get(each.id)!.get(topic)?.length ?? 0;
          const fair = each.topics.has(topic) ? partitions.length / subscribers.length : 0;
          expect([Math.floor(fair), Math.ceil(fair)]).toContain(share);
        }
      }
    }
  });

  test('are spread the same whatever the order of the members, and whoever leads', () => {
    for (const { topics, members } of GROUPS) {
      const one = spreadPartitions(members, topics);
      const other = spreadPartitions([...members].reverse(), new Map([...topics].reverse()));
      for (const { id } of members)
        expect(Object.fromEntries(other.get(id)!)).toEqual(Object.fromEntries(one.get(id)!));
    }
  });

  test('move only from and to whoever leaves and comes back', () => {
    for (let round = 0; round < 100; round++) {
      const topics = topicsOf({ signals: 1 + dice.below(60), events: dice.below(20) });
      const members = upTo(2 + dice.below(10)).map((i) => member(`engine-${i}`, topics.keys()));
      const full = spreadPartitions(members, topics);
      const before = ownersOf(members, full);
      const leaver = members[dice.below(members.length)]!;

      const rest = after(members, full).filter(({ id }) => id !== leaver.id);
      const without = spreadPartitions(rest, topics);
      const meanwhile = ownersOf(rest, without);
      expect(movedBetween(before, meanwhile).every(({ name }) => name === leaver.name)).toBe(true);

      const again = [...after(rest, without), member(leaver.name, topics.keys())];
      expect(movedBetween(before, ownersOf(again, spreadPartitions(again, topics)))).toEqual([]);
    }
  });

  test('stay where they are when the group gathers again with the same members, or a topic grows', () => {
    const members = upTo(4).map((i) => member(`engine-${i}`, ['signals']));
    const full = spreadPartitions(members, topicsOf({ signals: 10 }));
    const before = ownersOf(members, full);
    const settled = after(members, full);
    for (const signals of [10, 15]) {
      const now = ownersOf(settled, spreadPartitions(settled, topicsOf({ signals })));
      expect(now.size).toBe(signals);
      expect(movedBetween(before, now)).toEqual([]);
    }
  });

  /** More than its share, because members that were full make room and take others. */
  test('move to a new member at no more than three times its share, and less than one and a half times on average', () => {
    const ratios: number[] = [];
    for (let round = 0; round < 100; round++) {
      const size = 12 + dice.below(100);
      const topics = topicsOf({ signals: size });
      const members = upTo(2 + dice.below(8)).map((i) => member(`engine-${round}-${i}`, ['signals']));
      const before = ownersOf(members, spreadPartitions(members, topics));
      const more = [...members, member(`engine-${round}-new`, ['signals'])];
      const moved = movedBetween(before, ownersOf(more, spreadPartitions(more, topics)));
      ratios.push(moved.length / Math.ceil(size / more.length));
    }
    const [mean, max] = [ratios.reduce((sum, ratio) => sum + ratio) / ratios.length, Math.max(...ratios)];
    expect(mean).toBeLessThan(1.5);
    expect(max).toBeLessThanOrEqual(3);
  });

  test("that two members claim are nobody's, and go to who scores highest", () => {
    const topics = topicsOf({ signals: 8 });
    const claims = (name: string, partitions: number[]) =>
      member(name, ['signals'], new Map([['signals', partitions]]));
    const members = [claims('a', [0, 1, 2]), claims('b', [2, 3]), claims('c', [])];
    const owners = ownersOf(members, spreadPartitions(members, topics));
    expect([0, 1, 3].map((partition) => owners.get(`signals ${partition}`))).toEqual(['a', 'a', 'b']);
    const others = [claims('a', [0, 1]), claims('b', [3]), claims('c', [])];
    expect(owners.get('signals 2')).toBe(ownersOf(others, spreadPartitions(others, topics)).get('signals 2'));
  });

  test('are shared fairly by members of one name', () => {
    const members = upTo(3).map(() => member('engine', ['signals']));
    const spread = spreadPartitions(members, topicsOf({ signals: 9 }));
    expect(members.map(({ id }) => spread.get(id)!.get('signals')!.length)).toEqual([3, 3, 3]);
  });
});
