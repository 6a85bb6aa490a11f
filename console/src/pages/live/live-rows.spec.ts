import { expect, test } from '@jest/globals';
import type { StreamEntry } from '@tripline/client';
import { changeList, EMPTY_LIST, ROWS_MAX, rowOf } from './live-rows.js';
import type { LiveAction, LiveList, LiveRow } from './live-rows.js';

function row(id: number): LiveRow {
  const about = { name: 'trigger.fired', time: '2026-01-15T12:00:00.000Z', webhookId: 'w', vehicle: 'v' };
  return { id: String(id), ...about, kind: 'firing', eventId: `e${id}`, value: 61, unit: 'km/h' };
}

function rows(from: number, to: number): LiveRow[] {
  return Array.from({ length: to - from + 1 }, (_, at) => row(from + at));
}

function after(...actions: LiveAction[]): LiveList {
  return actions.reduce(changeList, EMPTY_LIST);
}

const ids = (list: readonly LiveRow[]) => list.map(({ id }) => Number(id));
const came = (from: number, to = from): LiveAction => ({ kind: 'came', rows: rows(from, to) });

test('what came last stands on top', () => {
  expect(ids(after(came(1, 2), came(3)).rows)).toEqual([3, 2, 1]);
});

test('while it is paused nothing moves, and what comes is counted', () => {
  const list = after(came(1), { kind: 'paused' }, came(2, 3), came(4));
  expect([ids(list.rows), ids(list.held), list.heldCount]).toEqual([[1], [4, 3, 2], 3]);
});

test('when it goes on, what came meanwhile stands on top, and is counted no more', () => {
  const list = after(came(1), { kind: 'paused' }, came(2, 3), { kind: 'resumed' }, came(4));
  expect([ids(list.rows), list.held, list.heldCount, list.isPaused]).toEqual([[4, 3, 2, 1], [], 0, false]);
});

test('however much comes, only the newest rows are kept', () => {
  const running = after(came(1, 300), came(301, 900));
  expect([running.rows.length, running.rows[0]!.id, running.rows.at(-1)!.id]).toEqual([ROWS_MAX, '900', '401']);
  const paused = after(came(1), { kind: 'paused' }, came(2, 2_000));
  expect([paused.held.length, paused.heldCount]).toEqual([ROWS_MAX, 1_999]);
  expect(ids(changeList(paused, { kind: 'resumed' }).rows).at(-1)).toBe(1_501);
});

test('clearing takes the rows away and leaves the connection and the pause', () => {
  const list = after({ kind: 'connection', connection: 'connected' }, came(1), { kind: 'paused' }, { kind: 'cleared' });
  expect(list).toEqual({ ...EMPTY_LIST, isPaused: true, connection: 'connected' });
});

test('what changes nothing leaves the list itself, so that nothing is drawn again', () => {
  const list = after(came(1), { kind: 'connection', connection: 'connected' });
  const idle: LiveAction[] = [
    { kind: 'came', rows: [] },
    { kind: 'resumed' },
    { kind: 'connection', connection: 'connected' },
  ];
  for (const action of idle) expect(changeList(list, action)).toBe(list);
  const paused = changeList(list, { kind: 'paused' });
  expect(changeList(paused, { kind: 'paused' })).toBe(paused);
});

const time = '2026-01-15T12:00:00.000Z';

test('a firing shows what made it fire', () => {
  const data = { data: { signal: { name: 'speed', unit: 'km/h', value: 61 } } };
  const event = { id: 'e', type: 'trigger.fired', time, webhookId: 'w', vehicle: 'v', data };
  const entry: StreamEntry = { id: '1', name: 'trigger.fired', kind: 'event', event };
  expect(rowOf(entry)).toEqual({
    ...{ id: '1', name: 'trigger.fired', kind: 'firing', time, webhookId: 'w', vehicle: 'v', eventId: 'e' },
    ...{ value: 61, unit: 'km/h' },
  });
});

test('a firing of an event has no value, and one that cannot be read has none either', () => {
  for (const data of [{ data: { event: { name: 'x' } } }, {}, { data: null }, { data: { signal: 7 } }]) {
    const event = { id: 'e', type: 'trigger.fired', time, data };
    expect(rowOf({ id: '1', name: event.type, kind: 'event', event })).toMatchObject({ value: undefined, unit: '' });
  }
});

test('an entry of the log that concerns no webhook has none', () => {
  const event = { id: 'e', type: 'api_key.created', time, data: {} };
  expect(rowOf({ id: '1', name: event.type, kind: 'event', event })).toEqual({
    ...{ id: '1', name: 'api_key.created', time, webhookId: null, vehicle: null, kind: 'event', eventId: 'e' },
  });
});

test.each([
  [200, null, '200'],
  [503, 'the target answered 503', '503'],
  [null, 'connection refused', 'connection refused'],
  [null, null, null],
])('a delivery that was answered %j, with the error %j, shows %j', (lastStatusCode, lastError, answer) => {
  const delivery = {
    ...{ id: 'd', eventId: 'e', eventType: 'trigger.fired', webhookId: 'w', endpointId: 'p', vehicle: 'v' },
    ...{ status: 'delivered' as const, attemptCount: 2, nextAttemptAt: null, createdAt: time, deliveredAt: null },
    ...{ lastStatusCode, lastError, isTest: false },
  };
  expect(rowOf({ id: '1', name: 'delivery.delivered', kind: 'delivery', delivery })).toMatchObject({
    ...{ kind: 'delivery', deliveryId: 'd', attempts: 2, answer, time },
  });
});
