import { beforeEach, describe, expect, test } from '@jest/globals';
import { QUEUE_START, type DueDelivery } from '../store/queue.js';
import { Roster, type Head } from './roster.js';

const E1 = { endpointId: 'e1', license: 'A' };
const E2 = { endpointId: 'e2', license: 'B' };

let now: number;
let roster: Roster;

beforeEach(() => {
  now = 0;
  roster = new Roster({ concurrency: 100, concurrencyPerEndpoint: 5, clock: () => now });
});

/** A row whose place in the queue its number tells. */
function row(number: number, endpointId = 'e1'): DueDelivery {
  const two = String(number).padStart(2, '0');
  return { id: `${endpointId}-${two}`, endpointId, dueAt: `2026-01-01 00:00:${two}` } as DueDelivery;
}

function take(): string[] {
  const ids: string[] = [];
  for (let next = roster.next(); next; next = roster.next()) ids.push(next.id);
  return ids;
}

/** Answers the next fetch with these rows. */
function fetch(...rows: DueDelivery[]): Head[] {
  const heads = roster.heads();
  roster.receive(heads, rows);
  return heads;
}

describe('reading goes forward, and starts over when told', () => {
  test('from the start, then from the last row', () => {
    roster.hold([E1]);
    expect(roster.heads()).toEqual([expect.objectContaining({ endpointId: 'e1', ...QUEUE_START, limit: 20 })]);
    roster.receive([], []);
    roster.ring(['e1']);
    fetch(row(1), row(2));
    take();
    expect(roster.heads()).toEqual([]);
    roster.ring(['e1']);
    expect(roster.heads()).toEqual([expect.objectContaining({ afterDueAt: row(2).dueAt, afterId: row(2).id })]);
  });

  test('a full answer is followed up as soon as there is room', () => {
    roster.hold([E1]);
    fetch(...Array.from({ length: 20 }, (_, n) => row(n)));
    expect(roster.heads()).toEqual([]);
    for (let turn = 0; turn < 11; turn++) roster.sent(roster.next()!);
    expect(roster.heads()).toEqual([expect.objectContaining({ afterId: row(19).id, limit: 11 })]);
  });

  test('from the start, what is under way is met again, read for nothing, and not sent twice', () => {
    roster.hold([E1]);
    fetch(row(3), row(4));
    expect(take()).toEqual(['e1-03', 'e1-04']);
    roster.restart();
    const [head] = fetch(row(1), row(3), row(4), row(5));
    expect(head).toMatchObject({ ...QUEUE_START, limit: 22 });
    expect(take()).toEqual(['e1-01', 'e1-05']);
  });

  test('many endpoints share one fetch', () => {
    const many = Array.from({ length: 3_000 }, (_, n) => ({ endpointId: `e${n}`, license: 'A' }));
    roster.hold(many);
    const heads = roster.heads();
    expect(heads).toHaveLength(1_000);
    expect(heads.reduce((sum, { limit }) => sum + limit, 0)).toBeLessThanOrEqual(1_000);
  });

  test('a bell during the fetch is not forgotten', () => {
    roster.hold([E1]);
    const heads = roster.heads();
    roster.ring(['e1']);
    roster.receive(heads, []);
    expect(roster.heads()).toHaveLength(1);
  });

  test('after a failed fetch everything is wanted still', () => {
    roster.hold([E1, E2]);
    roster.miss(roster.heads());
    expect(roster.heads()).toHaveLength(2);
  });
});

describe('nothing is sent twice', () => {
  test('what was settled while a fetch was on its way, which may still answer it', () => {
    roster.hold([E1]);
    fetch(row(1));
    const sent = roster.next()!;
    roster.restart();
    const heads = roster.heads();
    roster.sent(sent);
    roster.settled(sent);
    roster.receive(heads, [row(1), row(2)]);
    expect(take()).toEqual(['e1-02']);
    // From the next fetch on it may come again: then it was queued anew.
    roster.restart();
    fetch(row(1), row(2));
    expect(take()).toEqual(['e1-01']);
  });

  test('what was fetched before the endpoint was lost, and may be settled by others since', () => {
    roster.hold([E1]);
    const heads = roster.heads();
    roster.dropAll();
    roster.hold([E1]);
    roster.receive(heads, [row(1)]);
    expect(take()).toEqual([]);
    expect(roster.heads()).toHaveLength(1);
  });

  test('what is under way when its endpoint is lost and leased again', () => {
    roster.hold([E1]);
    fetch(row(1), row(2));
    const sent = roster.next()!;
    roster.dropAll();
    expect(roster.isHeld('e1')).toBe(false);
    expect(roster.orphans()).toEqual(['e1']);
    roster.hold([E1]);
    fetch(row(1), row(2));
    expect(take()).toEqual(['e1-02']);
    roster.sent(sent);
    roster.settled(sent);
    expect(roster.isHeld('e1')).toBe(true);
  });

  test('the limits count also what was sent before the endpoint was lost', () => {
    roster.hold([E1]);
    fetch(...Array.from({ length: 10 }, (_, n) => row(n)));
    expect(take()).toHaveLength(5);
    roster.dropAll();
    roster.hold([E1]);
    fetch(...Array.from({ length: 10 }, (_, n) => row(n)));
    expect(take()).toEqual([]);
  });
});

describe('what is lost', () => {
  test('is not sent', () => {
    roster.hold([E1, E2]);
    fetch(row(1), row(1, 'e2'));
    roster.drop(['e1']);
    expect(take()).toEqual(['e2-01']);
    expect(roster.held).toBe(1);
  });

  test('is forgotten when its last delivery is settled', () => {
    roster.hold([E1]);
    fetch(row(1));
    const sent = roster.next()!;
    roster.dropAll();
    roster.sent(sent);
    expect(roster.isQuiet).toBe(false);
    roster.settled(sent);
    expect(roster.isQuiet).toBe(true);
    expect(roster.orphans()).toEqual([]);
  });
});

test('a bell tells which endpoints are to be leased', () => {
  roster.hold([E1]);
  expect(roster.ring(['e1', 'e2', 'e3'])).toEqual(['e2', 'e3']);
});

test('a paused endpoint is neither fetched nor sent to until its time, and not given back', () => {
  roster.hold([E1]);
  fetch(row(1), row(2));
  const heads = roster.heads();
  roster.pause('e1', 1_000);
  roster.receive(heads, [row(3)]);
  expect(take()).toEqual([]);
  now = 999;
  roster.restart();
  expect(roster.heads()).toEqual([]);
  expect(roster.idle()).toEqual([]);
  now = 1_000;
  fetch(row(1), row(2), row(3));
  expect(take()).toEqual(['e1-01', 'e1-02', 'e1-03']);
});

describe('an endpoint is idle', () => {
  test.each<[string, boolean, () => void]>([
    ['when it was found empty two seconds ago', true, () => undefined],
    ['not before', false, () => (now = 1_999)],
    ['not when a bell rang since', false, () => roster.ring(['e1'])],
    [
      'not when something came since',
      false,
      () => {
        roster.restart();
        fetch(row(1));
        take();
      },
    ],
    ['not when a retry is near', false, () => roster.expectRetry('e1', now + 10_000)],
    ['but when it is far', true, () => roster.expectRetry('e1', now + 10_001)],
  ])('%s', (_what, expected, change) => {
    roster.hold([E1]);
    fetch();
    now = 2_000;
    change();
    expect(roster.idle()).toEqual(expected ? ['e1'] : []);
  });

  test('not when only the rest of its queue was empty', () => {
    roster.hold([E1]);
    fetch(row(1));
    const sent = roster.next()!;
    roster.ring(['e1']);
    fetch();
    roster.sent(sent);
    roster.settled(sent);
    now = 2_000;
    expect(roster.idle()).toEqual([]);
    roster.restart();
    fetch();
    now = 4_000;
    expect(roster.idle()).toEqual(['e1']);
  });
});
