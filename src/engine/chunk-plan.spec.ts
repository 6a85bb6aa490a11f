import { describe, expect, test } from '@jest/globals';
import type { Trigger } from '../core/trigger.js';
import { silentLog } from '../observability/log.js';
import { Metrics } from '../observability/metrics.js';
import { triggerOf } from '../../test/support/trigger-of.js';
import { type ChunkLimits, type ChunkPlan, ChunkPlanner } from './chunk-plan.js';
import type { SourceRecord } from './record.js';
import type { IndexChange } from './stores.js';
import { TriggerIndex } from './trigger-index.js';

const CONTRACT = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const [WATCHED, UNWATCHED] = [`${CONTRACT}:1`, `${CONTRACT}:2`];
const LIMITS: ChunkLimits = { records: 100, firings: 100, bytes: 1_000_000, evaluationMs: 1_000 };
const START = { offset: 0n, index: 0 };
const SPEED = triggerOf({ id: 'speed' });

/** An index to which changes are applied one by one, with its planner. */
async function planning(kind: 'signal' | 'event' = 'signal', now = () => 0) {
  let [head, pending] = [0n, [] as IndexChange[]];
  const changes = {
    load: () => Promise.resolve(head),
    since: () => Promise.resolve({ kind: 'changes' as const, head, changes: pending.splice(0), more: false }),
  };
  const index = new TriggerIndex({ changes, log: silentLog, metrics: new Metrics() });
  await index.load();
  const change = async (...given: IndexChange[]) => {
    head += 1n;
    pending = given;
    await index.refresh();
  };
  await change(...watching(SPEED, WATCHED));
  return { planner: new ChunkPlanner({ kind, index, now }), change };
}

const watching = (trigger: Trigger, vehicle: string): IndexChange[] => [
  { kind: 'trigger', id: trigger.id, trigger },
  { kind: 'subscribed', triggerId: trigger.id, vehicle },
];

function recordOf(value: string, offset = 0): SourceRecord {
  return { offset: BigInt(offset), key: null, value: Buffer.from(value), arrivalMs: 0 };
}

function report(vehicle: string, ...names: string[]): string {
  const signals = names.map((name) => ({ name, timestamp: '2026-01-15T12:00:00Z', valueNumber: 1 }));
  return JSON.stringify({ subject: vehicle, data: { signals } });
}

/** What was planned of each record: what became of it, and which triggers are on which places of it. */
const planned = (plan: ChunkPlan) =>
  plan.records.map(({ message, samples }) => [
    message.kind,
    ...samples.map(({ sample, matches }) => [sample.index, ...matches.map(({ indexed }) => indexed.trigger.id)]),
  ]);

describe('a record of a vehicle that nobody watches', () => {
  test.each([
    ['whatever is in it', report(UNWATCHED, 'speed')],
    ['in any spelling of the vehicle', report(UNWATCHED.toLowerCase(), 'speed')],
    ['though an entry is bad', `{"subject":"${UNWATCHED}","data":{"signals":[{"name":5}]}}`],
    ['though the rest is no JSON', `{"subject":"${UNWATCHED}","data":`],
  ])('is passed over, %s', async (_, value) => {
    const { planner } = await planning();
    const plan = planner.plan([recordOf(value)], 0, START, LIMITS);
    expect(planned(plan)).toEqual([['unwatched']]);
    expect(plan.records[0]!.end).toEqual({ offset: 1n, index: 0 });
  });

  test.each([
    ['has no samples that matter, where only the parser can tell', `{"subject":"${UNWATCHED}","x":"\\u0041"}`, 'ok'],
    ['is judged where its vehicle cannot be told', '{"subject":"x"}', 'poison'],
    ['is judged where it has none', '{"data":{}}', 'poison'],
    ['is judged where it is nothing at all', '', 'poison'],
  ])('%s', async (_, value, kind) => {
    const { planner } = await planning();
    expect(planned(planner.plan([recordOf(value)], 0, START, LIMITS))).toEqual([[kind]]);
  });

  test.each(['signal', 'event'] as const)(
    'is read once somebody does, though it was passed over before: %s',
    async (kind) => {
      const trigger = kind === 'signal' ? SPEED : triggerOf({ metricKind: 'event', metric: 'behavior.harshBraking' });
      const { planner, change } = await planning(kind);
      const entry = {
        name: trigger.metric,
        timestamp: '2026-01-15T12:00:00Z',
        ...(kind === 'signal' && { valueNumber: 100 }),
      };
      const records = [recordOf(JSON.stringify({ subject: UNWATCHED, data: { [`${kind}s`]: [entry] } }))];
      expect(planned(planner.plan(records, 0, START, LIMITS))).toEqual([['unwatched']]);
      await change(...watching(trigger, UNWATCHED));
      expect(planned(planner.plan(records, 0, START, LIMITS))).toEqual([['ok', [0, trigger.id]]]);
      await change({ kind: 'unsubscribed', triggerId: trigger.id, vehicle: UNWATCHED });
      expect(planned(planner.plan(records, 0, START, LIMITS))).toEqual([['unwatched']]);
    },
  );

  test('does not end a chunk, whatever the time', async () => {
    const { planner } = await planning('signal', performance.now.bind(performance));
    const records = [0, 1, 2].map((offset) => recordOf(report(UNWATCHED, 'speed'), offset));
    expect(planner.plan(records, 0, START, { ...LIMITS, evaluationMs: 0 }).records.length).toBe(3);
    expect(planner.plan(records, 0, START, { ...LIMITS, bytes: 1 }).records.length).toBe(1);
  });
});

test('a record in whose middle the time is over is the last of its chunk: the rest of it comes next', async () => {
  let looks = 0;
  const { planner } = await planning('signal', () => looks++);
  const names = Array.from({ length: 40 }, () => 'speed');
  const records = [0, 1, 2].map((offset) => recordOf(report(WATCHED, ...names), offset));
  // Over with the third look; the first two are at the beginning.
  const first = planner.plan(records, 0, START, { ...LIMITS, evaluationMs: 2 });
  expect(first.records.length).toBe(1);
  const { end } = first.records[0]!;
  expect(end.offset).toBe(0n);
  expect(end.index).toBeGreaterThan(1);
  expect(end.index).toBeLessThan(40);
  const next = planner.plan(records, 0, end, { ...LIMITS, evaluationMs: 1_000 });
  expect(next.records[0]!.samples[0]!.sample.index).toBe(end.index);
});

describe('what was read', () => {
  test('belongs to its record, also for a chunk that begins before the last one', async () => {
    const { planner } = await planning();
    const records = [WATCHED, UNWATCHED, WATCHED].map((vehicle, offset) => recordOf(report(vehicle, 'speed'), offset));
    const whole = planned(planner.plan(records, 0, START, LIMITS));
    planner.plan(records, 1, START, LIMITS);
    expect(planned(planner.plan(records, 0, START, LIMITS))).toEqual(whole);
  });

  test('is planned with the metrics that are watched, also once others are', async () => {
    const { planner, change } = await planning();
    const records = [recordOf(report(WATCHED, 'powertrainRange', 'speed', 'other', 'speed'))];
    expect(planned(planner.plan(records, 0, START, LIMITS))).toEqual([['ok', [1, 'speed'], [3, 'speed']]]);
    await change(...watching(triggerOf({ id: 'range', metric: 'powertrainRange' }), WATCHED));
    const plan = planner.plan(records, 0, START, LIMITS);
    expect(planned(plan)).toEqual([['ok', [0, 'range'], [1, 'speed'], [3, 'speed']]]);
  });

  test('is not read again by chunks that go on with it under the same index, in whatever place', async () => {
    const { planner, change } = await planning();
    const records = [0, 1, 2, 3].map((offset) => recordOf(report(WATCHED, 'speed', 'speed'), offset));
    const first = planner.plan(records, 0, START, { ...LIMITS, records: 3 });
    const second = planner.plan(records, 1, { offset: 1n, index: 1 }, LIMITS);
    expect(planned(second)).toEqual([['ok', [1, 'speed']], ['ok', [0, 'speed'], [1, 'speed']], expect.anything()]);
    expect(second.records[0]!.message).toBe(first.records[1]!.message);
    expect(second.records[1]!.message).toBe(first.records[2]!.message);
    await change();
    const third = planner.plan(records, 2, { offset: 2n, index: 0 }, LIMITS);
    expect(third.records[0]!.message).not.toBe(first.records[2]!.message);
    expect(planned(third)).toEqual(planned(second).slice(1));
  });
});
