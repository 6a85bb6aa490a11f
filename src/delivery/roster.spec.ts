import { beforeEach, describe, expect, test } from '@jest/globals';
import type { DueDelivery } from '../store/due-delivery.js';
import { QUEUE_START } from '../store/queue.js';
import type { Head } from './held-endpoint.js';
import { Roster } from './roster.js';

const HEALTHY = { failures: 0, wasBusy: false };
const E1 = { endpointId: 'e1', license: 'A', ...HEALTHY };
const E2 = { endpointId: 'e2', license: 'B', ...HEALTHY };

let now: number;
let roster: Roster;
let outdated: number;

beforeEach(() => {
  now = 0;
  outdated = 0;
  roster = newRoster();
});

function newRoster(concurrencyPerEndpoint = 5): Roster {
  return new Roster({
    concurrency: 100,
    concurrencyPerEndpoint,
    ticks: () => now,
    onReady: () => undefined,
    onOutdated: () => outdated++,
  });
}

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
  test('from the start, also when a bell rings before the first answer', () => {
    roster.hold([E1]);
    const heads = roster.heads();
    expect(heads).toEqual([expect.objectContaining({ endpointId: 'e1', ...QUEUE_START, limit: 8, known: [] })]);
    roster.miss(heads);
    expect(roster.heads()).toEqual(heads);
  });

  test('a bell looks back to where reading had got at the scan before the last: who commits last may have begun first', () => {
    roster.hold([E1]);
    for (const number of [10, 20, 30]) {
      now = number;
      roster.restart();
      fetch(row(number));
    }
    now = 31;
    roster.ring(['e1']);
    const after = { afterDueAt: row(10).dueAt, afterId: row(10).id };
    expect(roster.heads()).toEqual([expect.objectContaining({ ...after, known: ['e1-20', 'e1-30'], limit: 5 + 2 })]);
  });

  test('a bell makes reading leap over nothing that the last scan found', () => {
    roster.hold([E1]);
    for (const number of [20, 30]) {
      roster.restart();
      fetch(row(number));
    }
    roster.restart();
    fetch(...Array.from({ length: 6 }, (_, n) => row(n)));
    for (let turn = 0; turn < 5; turn++) roster.sent(roster.next()!);
    roster.ring(['e1']);
    expect(roster.heads()).toEqual([
      expect.objectContaining({ afterDueAt: row(5).dueAt, afterId: row(5).id, known: [] }),
    ]);
  });

  test('a bell looks back to the start where that was found empty since, whatever the clock of the database did', () => {
    roster.hold([E1]);
    for (const number of [10, 20]) {
      roster.restart();
      fetch(row(number));
    }
    for (const one of [roster.next()!, roster.next()!]) {
      roster.sent(one);
      roster.settled(one);
    }
    for (let scan = 0; scan < 3; scan++) {
      roster.restart();
      fetch();
    }
    roster.ring(['e1']);
    expect(roster.heads()).toEqual([expect.objectContaining(QUEUE_START)]);
  });

  test('a full answer is followed up as soon as there is room', () => {
    roster.hold([E1]);
    fetch(...Array.from({ length: 8 }, (_, n) => row(n)));
    expect(roster.heads()).toEqual([]);
    for (let turn = 0; turn < 5; turn++) roster.sent(roster.next()!);
    expect(roster.heads()).toEqual([expect.objectContaining({ afterId: row(7).id, limit: 5 })]);
  });

  test('from the start, what is under way is met again, read for nothing, and not sent twice', () => {
    roster.hold([E1]);
    fetch(row(3), row(4));
    const sent = [roster.next()!, roster.next()!];
    expect(sent.map(({ id }) => id)).toEqual(['e1-03', 'e1-04']);
    roster.restart();
    const [head] = fetch(row(1), row(3), row(4), row(5));
    expect(head).toMatchObject({ ...QUEUE_START, limit: 10 });
    for (const one of sent) roster.sent(one);
    expect(take()).toEqual(['e1-01', 'e1-05']);
  });

  test('many endpoints share one fetch', () => {
    const many = Array.from({ length: 3_000 }, (_, n) => ({ ...E1, endpointId: `e${n}` }));
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
    roster.drop();
    roster.hold([E1]);
    roster.receive(heads, [row(1)]);
    expect(take()).toEqual([]);
    expect(roster.heads()).toHaveLength(1);
  });

  test('what is under way when its endpoint is lost and leased again', () => {
    roster.hold([E1]);
    fetch(row(1), row(2));
    const sent = roster.next()!;
    roster.drop();
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
    expect(take()).toHaveLength(2);
    roster.drop();
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
    roster.drop();
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

test('an endpoint that cannot be sent to is neither fetched nor sent to until its time, and not given back', () => {
  roster.hold([E1]);
  fetch(row(1), row(2));
  const heads = roster.heads();
  roster.block('e1', 1_000);
  roster.receive(heads, [row(3)]);
  expect(take()).toEqual([]);
  now = 999;
  roster.restart();
  expect(roster.heads()).toEqual([]);
  expect(roster.idle()).toEqual([]);
  now = 1_000;
  fetch(row(1), row(2), row(3));
  expect(take()).toEqual(['e1-01', 'e1-02']);
});

const FAILED = { outcome: 'failed', durationMs: 1, wasProbe: false } as const;

/** Sends the next one and has it end like this. */
function send(impression: Parameters<Roster['learn']>[1]): DueDelivery {
  const delivery = roster.next()!;
  roster.begin(delivery);
  roster.learn(delivery, impression, 0);
  roster.sent(delivery);
  return delivery;
}

describe('a pause that is on record', () => {
  test('is waited for by nobody: the endpoint is given back as soon as nothing is under way', () => {
    roster.hold([{ ...E1, failures: 4 }]);
    fetch(row(1), row(2));
    const sent = send(FAILED);
    expect(take()).toEqual([]);
    expect(roster.idle()).toEqual([]);
    roster.settled(sent);
    expect(roster.idle()).toEqual(['e1']);
  });

  test('is waited for when it is nearly over', () => {
    roster.hold([{ ...E1, failures: 4 }]);
    fetch(row(1));
    roster.settled(send(FAILED));
    now = 2_000;
    expect(roster.idle()).toEqual([]);
    now = 5_000;
    fetch(row(1), row(2));
    expect(take()).toEqual(['e1-01']);
  });

  test('is over when the endpoint is leased again, but not one that only this process knows of', () => {
    roster.hold([{ ...E1, failures: 4 }, E2]);
    fetch(row(1), row(1, 'e2'));
    send(FAILED);
    // It is under way, so that the endpoint is not forgotten.
    expect(take()).toEqual(['e2-01']);
    roster.block('e2', 5_000);
    roster.drop();
    roster.hold([{ ...E1, failures: 5 }, E2]);
    expect(roster.heads().map(({ endpointId }) => endpointId)).toEqual(['e1']);
  });
});

test('of an endpoint whose breaker is open one row is read, and one request made', () => {
  roster.hold([{ ...E1, failures: 5 }]);
  const [head] = fetch(row(1));
  expect(head!.limit).toBe(1);
  expect(take()).toEqual(['e1-01']);
  roster.ring(['e1']);
  fetch(row(2));
  expect(take()).toEqual([]);
});

test('as many are sent at once as arrived well, and read ahead accordingly', () => {
  roster = newRoster(20);
  roster.hold([E1]);
  for (const expected of [2, 4, 8, 16, 20, 20]) {
    roster.restart();
    fetch(...Array.from({ length: 40 }, (_, n) => row(n)));
    const sent: DueDelivery[] = [];
    for (let next = roster.next(); next; next = roster.next()) sent.push(next);
    expect(sent).toHaveLength(expected);
    for (const one of sent) roster.begin(one);
    roster.learn(sent[0]!, { outcome: 'arrived', durationMs: 1, wasProbe: false }, 0);
    for (const one of sent) roster.sent(one);
    roster.reread('e1');
    for (const one of sent) roster.settled(one);
  }
});

test('what was in hand when it was asked for, and was put down since, does not wait without what is to be sent', () => {
  roster.hold([E1]);
  fetch(row(1));
  roster.restart();
  const heads = roster.heads();
  expect(heads.flatMap(({ known }) => known)).toEqual([row(1).id]);
  roster.dropWaiting();
  roster.receive(heads, [{ ...row(1), isKnown: true }]);
  expect(roster.next()).toBeUndefined();
});

describe('an endpoint is idle', () => {
  test.each<[string, boolean, () => void]>([
    ['when it was found empty half a minute ago', true, () => undefined],
    ['not before', false, () => (now = 29_999)],
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
    ['not when a retry is near', false, () => roster.expectRetry('e1', 10_000)],
    ['but when it is far', true, () => roster.expectRetry('e1', 10_001)],
  ])('%s', (_what, expected, change) => {
    roster.hold([E1]);
    fetch();
    now = 30_000;
    change();
    expect(roster.idle()).toEqual(expected ? ['e1'] : []);
  });

  test('sooner when it is one of many that are held', () => {
    roster.hold(Array.from({ length: 1_000 }, (_, n) => ({ ...E1, endpointId: `e${n}` })));
    for (let more = true; more; more = fetch().length > 0);
    now = 29_999;
    expect(roster.idle()).toEqual([]);
    roster.hold([{ ...E1, endpointId: 'one more' }]);
    expect(roster.idle()).toHaveLength(1_000);
  });

  test('not when only the rest of its queue was empty', () => {
    roster.hold([E1]);
    fetch(row(1));
    const sent = roster.next()!;
    roster.ring(['e1']);
    fetch();
    roster.sent(sent);
    roster.settled(sent);
    now = 30_000;
    expect(roster.idle()).toEqual([]);
    roster.restart();
    fetch();
    now = 60_000;
    expect(roster.idle()).toEqual(['e1']);
  });
});

describe('what has waited for longer than three seconds', () => {
  beforeEach(() => {
    roster.hold([E1]);
    fetch(row(1), row(2), row(3), row(4));
    now = 3_001;
  });

  test('is not sent but read again, and what is no longer queued is gone', () => {
    expect(take()).toEqual([]);
    expect(outdated).toBe(1);
    expect(take()).toEqual([]);
    const [head] = fetch(row(1), row(3), row(5));
    expect([head, outdated]).toEqual([expect.objectContaining({ ...QUEUE_START, limit: 8 }), 1]);
    expect(take()).toEqual(['e1-01', 'e1-03']);
    expect(roster.heads()).toEqual([]);
  });

  test('is gone when nothing of it is queued any more', () => {
    take();
    fetch();
    expect(take()).toEqual([]);
    expect(roster.isQuiet).toBe(true);
  });

  test('is still to be read again after a fetch that failed, or that was under way before', () => {
    roster.ring(['e1']);
    take();
    roster.miss(roster.heads());
    expect(take()).toEqual([]);
    fetch(row(1));
    expect(take()).toEqual(['e1-01']);
  });

  test('goes out as it was read then, and what is under way not again', () => {
    now = 3_000;
    const sent = roster.next()!;
    now = 3_001;
    expect(take()).toEqual([]);
    const changed = { ...row(2), eventType: 'changed' };
    const [head] = fetch(row(1), changed);
    expect(head!.limit).toBe(9);
    expect(roster.next()).toBe(changed);
    expect(sent.id).toBe('e1-01');
  });
});

describe('an endpoint that this process cannot send to, but others may', () => {
  beforeEach(() => {
    roster.hold([E1]);
    fetch(row(1), row(2));
    const delivery = roster.next()!;
    roster.lock('e1', 60_000);
    expect(roster.forOthers()).toEqual([]);
    roster.sent(delivery);
    roster.settled(delivery);
  });

  test('is given back after each lease, and not leased for a bell', () => {
    expect(roster.forOthers()).toEqual(['e1']);
    roster.drop(['e1']);
    expect(roster.ring(['e1', 'e2'])).toEqual(['e2']);
    roster.hold([E1]);
    expect(roster.forOthers()).toEqual(['e1']);
  });

  test('is tried again when its time has come, and only then', () => {
    roster.drop(['e1']);
    roster.hold([E1]);
    now = 59_999;
    expect(roster.heads()).toEqual([]);
    now = 60_000;
    fetch(row(1));
    expect(take()).toEqual(['e1-01']);
    expect(roster.ring(['e2'])).toEqual(['e2']);
  });
});
