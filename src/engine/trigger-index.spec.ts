import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Trigger } from '../core/trigger.js';
import { silentLog } from '../observability/log.js';
import { Metrics } from '../observability/metrics.js';
import { triggerOf } from '../../test/support/trigger-of.js';
import type { Changes, IndexChange } from './stores.js';
import { TriggerIndex } from './trigger-index.js';

type Page = Awaited<ReturnType<Changes['since']>>;

/** A log of changes in memory. Reads answer when they are let, with the head that there was when they began. */
class ChangesInMemory implements Changes {
  head = 0n;
  loads = 0;
  triggers: Trigger[] = [];
  subscriptions: [vehicle: string, triggerIds: string][] = [];
  readonly reads: { seq: bigint; answer: (page?: Page) => void; fail: () => void }[] = [];
  private readonly changes: { seq: bigint; change: IndexChange }[] = [];
  private began: (() => void)[] = [];

  write(...changes: IndexChange[]): void {
    this.head += 1n;
    for (const change of changes) this.changes.push({ seq: this.head, change });
  }

  load(on: Parameters<Changes['load']>[0]): Promise<bigint> {
    this.loads += 1;
    for (const trigger of this.triggers) on.trigger(trigger);
    for (const [vehicle, triggerIds] of this.subscriptions) on.vehicle(vehicle, triggerIds);
    return Promise.resolve(this.head);
  }

  since(seq: bigint): Promise<Page> {
    const changes = this.changes.filter((entry) => entry.seq > seq).map(({ change }) => change);
    const page: Page = { kind: 'changes', head: this.head, changes, more: false };
    return new Promise((resolve, reject) => {
      this.reads.push({ seq, answer: (given = page) => resolve(given), fail: () => reject(new Error('no database')) });
      for (const tell of this.began.splice(0)) tell();
    });
  }

  /** Resolves with the read of this number, as soon as it has begun. */
  async read(number: number): Promise<ChangesInMemory['reads'][number]> {
    while (this.reads.length <= number) await new Promise<void>((resolve) => this.began.push(resolve));
    return this.reads[number]!;
  }
}

async function started(): Promise<{ changes: ChangesInMemory; index: TriggerIndex; metrics: Metrics }> {
  const changes = new ChangesInMemory();
  const metrics = new Metrics();
  const index = new TriggerIndex({ changes, log: silentLog, metrics });
  await index.load();
  return { changes, index, metrics };
}

const [a, b] = [triggerOf({ id: 'a' }), triggerOf({ id: 'b' })];
const idsOf = (index: TriggerIndex) => index.triggersOf('v', 'signal', 'speed').map(({ trigger }) => trigger.id);
const created = (trigger: Trigger): IndexChange[] => [
  { kind: 'trigger', id: trigger.id, trigger },
  { kind: 'subscribed', triggerId: trigger.id, vehicle: 'v' },
];

test('callers who ask together share one read', async () => {
  const { changes, index } = await started();
  changes.write(...created(a));
  const asked = [index.refresh(), index.refresh(), index.refresh()];
  (await changes.read(0)).answer();
  expect(await Promise.all(asked)).toEqual([1n, 1n, 1n]);
  expect(changes.reads.length).toBe(1);
  expect(idsOf(index)).toEqual(['a']);
});

test('who asks during a read gets a head that was read afterwards', async () => {
  const { changes, index } = await started();
  const early = index.refresh();
  const first = await changes.read(0);
  changes.write(...created(a));
  const late = [index.refresh(), index.refresh()];
  // One read at a time: an older answer must not be applied after a newer one.
  await setImmediate();
  expect(changes.reads.length).toBe(1);
  first.answer();
  expect(await early).toBe(0n);
  expect(idsOf(index)).toEqual([]);
  (await changes.read(1)).answer();
  expect(await Promise.all(late)).toEqual([1n, 1n]);
  expect(idsOf(index)).toEqual(['a']);
  expect(changes.reads.length).toBe(2);
});

test('who follows a head reads when the index is not there yet, and only then', async () => {
  const { changes, index } = await started();
  await index.follow(0n);
  changes.write(...created(a));
  const following = index.follow(1n);
  (await changes.read(0)).answer();
  await following;
  expect(idsOf(index)).toEqual(['a']);
  await index.follow(1n);
  expect(changes.reads.length).toBe(1);
  // A head behind the index is another database's, or was read before others moved on.
  const behind = index.follow(0n);
  (await changes.read(1)).answer();
  await behind;
});

test('a read that fails is the failure of those who waited for it, and of nobody else', async () => {
  const { changes, index } = await started();
  const early = index.refresh();
  const first = await changes.read(0);
  const late = index.refresh();
  first.fail();
  await expect(early).rejects.toThrow('no database');
  (await changes.read(1)).answer();
  expect(await late).toBe(0n);
});

test('pages are applied one by one, each with its place; who asked waits for the last', async () => {
  const { changes, index } = await started();
  let isAnswered = false;
  const asked = index.refresh().finally(() => (isAnswered = true));
  (await changes.read(0)).answer({ kind: 'changes', head: 3n, changes: created(a), more: true });
  const second = await changes.read(1);
  expect(second.seq).toBe(3n);
  expect(idsOf(index)).toEqual(['a']);
  expect(index.seq).toBe(3n);
  expect(isAnswered).toBe(false);
  second.answer({ kind: 'changes', head: 5n, changes: created(b), more: false });
  expect(await asked).toBe(5n);
  expect(idsOf(index)).toEqual(['a', 'b']);
});

test('others have their turn between pages', async () => {
  const { changes, index } = await started();
  const order: string[] = [];
  const asked = index.refresh().then(() => order.push('refreshed'));
  const first = await changes.read(0);
  global.setImmediate(() => order.push('other'));
  first.answer({ kind: 'changes', head: 3n, changes: created(a), more: true });
  (await changes.read(1)).answer({ kind: 'changes', head: 5n, changes: [], more: false });
  await asked;
  expect(order).toEqual(['other', 'refreshed']);
});

test('after a page that failed, the next read goes on behind those that were applied', async () => {
  const { changes, index } = await started();
  const asked = index.refresh();
  (await changes.read(0)).answer({ kind: 'changes', head: 3n, changes: created(a), more: true });
  (await changes.read(1)).fail();
  await expect(asked).rejects.toThrow('no database');
  const again = index.refresh();
  const read = await changes.read(2);
  expect(read.seq).toBe(3n);
  read.answer({ kind: 'changes', head: 3n, changes: [], more: false });
  expect(await again).toBe(3n);
  expect(idsOf(index)).toEqual(['a']);
});

test('a gap behind a page that was applied is loaded over; until it is loaded, what there was is seen', async () => {
  const { changes, index } = await started();
  const asked = index.refresh();
  (await changes.read(0)).answer({ kind: 'changes', head: 3n, changes: created(a), more: true });
  const second = await changes.read(1);
  const load = changes.load.bind(changes);
  const seen: string[][] = [];
  changes.load = async (on) => {
    const seq = await load(on);
    await setImmediate();
    seen.push(idsOf(index));
    return seq;
  };
  Object.assign(changes, { head: 9n, triggers: [b], subscriptions: [['v', 'b']] });
  second.answer({ kind: 'gap' });
  expect(await asked).toBe(9n);
  expect(seen).toEqual([['a']]);
  expect(idsOf(index)).toEqual(['b']);
});

test('where changes are gone, all is loaded again', async () => {
  const { changes, index } = await started();
  changes.write(...created(a));
  Object.assign(changes, { head: 9n, triggers: [b], subscriptions: [['v', 'b']] });
  const asked = index.refresh();
  (await changes.read(0)).answer({ kind: 'gap' });
  expect(await asked).toBe(9n);
  expect(idsOf(index)).toEqual(['b']);
  expect(changes.loads).toBe(2);
});

test('the gauges say what is in it', async () => {
  const { changes, index, metrics } = await started();
  changes.write(...created(a));
  const asked = index.refresh();
  (await changes.read(0)).answer();
  await asked;
  const text = await metrics.registry.metrics();
  expect(text).toMatch(/^tripline_index_triggers 1$/m);
  expect(text).toMatch(/^tripline_index_subscriptions 1$/m);
  expect(text).toMatch(/^tripline_index_seq 1$/m);
});
