import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { beginMinute, blocksOver } from '../../test/support/database-minute.js';
import { createTestDatabase, testSettings, type TestDatabase } from '../../test/support/database.js';
import { Database } from './database.js';
import { QuotaBlocks, type Spent } from './quota-blocks.js';
import type { QuotaBlock, QuotaNeed } from './quotas.js';

const NAME = 'requestsPerMinute';

/** One license's minute as the database has it, by hand. */
class Minute {
  nowMs = 0;
  most = 10;
  taken = 0;
  endsAtMs = 60_000;
  wasRefused = false;
  blockSize = 1;
  asked: number[] = [];
  /** How much of the minute passes until the answer is there. */
  latencyMs = 0;
  failure: Error | undefined;
  readonly blocks = new QuotaBlocks({ take: (needs) => this.take(needs), now: () => this.nowMs });

  private async take(needs: readonly QuotaNeed[]): Promise<QuotaBlock[]> {
    await Promise.resolve();
    return needs.map((need) => this.takeOne(need));
  }

  private takeOne({ name, license, needed }: QuotaNeed): QuotaBlock {
    this.asked.push(needed);
    if (this.failure) throw this.failure;
    if (this.nowMs >= this.endsAtMs) {
      this.endsAtMs += 60_000;
      this.taken = 0;
      this.wasRefused = false;
    }
    const endsInMs = this.endsAtMs - this.nowMs;
    const left = Math.max(this.most - this.taken, 0);
    const granted = Math.min(left, Math.max(needed, this.blockSize));
    this.taken += granted;
    const isFirstRefusal = granted < needed && !this.wasRefused;
    this.wasRefused ||= granted < needed;
    this.nowMs += this.latencyMs;
    return { license, name, granted, most: this.most, remaining: left - granted, endsInMs, isFirstRefusal };
  }
}

let minute: Minute;
beforeEach(() => {
  minute = new Minute();
});

const take = (count = 1) => minute.blocks.take(NAME, 'a', count);
const kinds = (spent: Spent[]) => spent.map(({ kind }) => kind);
const repeat = <T>(times: number, what: () => T): T[] => Array.from({ length: times }, what);

describe('within a minute', () => {
  test('a block is spent without asking, and what is left and when it ends is told with each unit', async () => {
    minute.blockSize = 4;
    minute.nowMs = 15_000;
    const spent = [];
    for (let unit = 0; unit < 5; unit++) spent.push(await take());
    expect(minute.asked).toHaveLength(2);
    expect(spent.map((one) => one.kind === 'granted' && one.left)).toEqual([9, 8, 7, 6, 5]);
    expect(spent[0]).toEqual({ kind: 'granted', most: 10, left: 9, endsInMs: 45_000 });
  });

  test('of what is held, units are had at once, and none beyond it', async () => {
    minute.blockSize = 4;
    expect(minute.blocks.takeHeld(NAME, 'a')).toBeUndefined();
    await take();
    const spent = repeat(4, () => minute.blocks.takeHeld(NAME, 'a'));
    expect(spent.map((one) => one?.left)).toEqual([8, 7, 6, undefined]);
    expect(minute.asked).toHaveLength(1);
  });

  test('many who wait at once share what is asked, and no more than the limit are let through', async () => {
    minute.blockSize = 4;
    const spent = await Promise.all(repeat(30, take));
    expect(kinds(spent).filter((kind) => kind === 'granted')).toHaveLength(10);
    // Blocks of 4, 4 and 2, and the refusal.
    expect(minute.asked).toHaveLength(4);
  });

  test('the refusal is asked for once, even when the last block was just enough, and told to one alone', async () => {
    minute.blockSize = 10;
    await Promise.all(repeat(10, take));
    const refused = await Promise.all(repeat(5, take));
    expect(kinds(refused)).toEqual(repeat(5, () => 'refused'));
    expect(refused.filter((one) => one.kind === 'refused' && one.isFirstRefusal)).toHaveLength(1);
    expect(minute.asked).toHaveLength(2);
    expect(await take()).toEqual({ kind: 'refused', most: 10, endsInMs: 60_000, isFirstRefusal: false });
  });

  test('what is held counts: who has enough with it is not refused, and nobody is told of a refusal', async () => {
    minute.blockSize = 6;
    await take();
    expect(await take(9)).toMatchObject({ kind: 'granted', left: 0 });
    expect(minute).toMatchObject({ asked: [1, 4], wasRefused: false });
  });

  test('more than is left is refused, and less is still granted', async () => {
    expect(await take(11)).toMatchObject({ kind: 'refused' });
    expect(await take(10)).toMatchObject({ kind: 'granted' });
  });

  test('what was overdrawn is made good before more is spent', async () => {
    await take();
    minute.blocks.spend(NAME, 'a', 4);
    expect(await take()).toMatchObject({ kind: 'granted' });
    expect(minute).toMatchObject({ asked: [1, 5], taken: 6 });
  });

  test('a limit of 0 refuses everything', async () => {
    minute.most = 0;
    expect(await take()).toEqual({ kind: 'refused', most: 0, endsInMs: 60_000, isFirstRefusal: true });
  });

  test('a refill asks for what is not covered, and for nothing that was refused', async () => {
    const need = (license: string, needed: number) => ({ name: NAME, license, needed }) as const;
    expect(await minute.blocks.refill([need('a', 4), need('b', 9)])).toMatchObject([{ granted: 4 }, { granted: 6 }]);
    expect(await minute.blocks.refill([need('a', 4), need('b', 9)])).toEqual([]);
    expect(minute.blocks.of(NAME, 'b')).toMatchObject({ left: 6, isLast: true });
  });
});

describe('from minute to minute', () => {
  test('a block ends with its minute, and the next begins with the whole limit', async () => {
    await Promise.all(repeat(12, take));
    minute.nowMs = 59_999;
    expect(await take()).toMatchObject({ kind: 'refused', endsInMs: 1 });
    minute.nowMs = 60_000;
    expect(minute.blocks.of(NAME, 'a')).toBeUndefined();
    expect(await take()).toMatchObject({ kind: 'granted', left: 9 });
  });

  test('a block that comes after the end of its minute is not spent', async () => {
    Object.assign(minute, { nowMs: 59_999, latencyMs: 2 });
    expect(await take()).toMatchObject({ kind: 'granted' });
    expect(minute).toMatchObject({ asked: [1, 1], taken: 1, endsAtMs: 120_000 });
  });

  test.each([
    ['raised', 20, 20],
    ['lowered', 3, 3],
  ])('a limit that is %s meanwhile counts from the next minute on at the latest', async (_, most, granted) => {
    minute.blockSize = 5;
    expect(kinds(await Promise.all(repeat(11, take))).at(-1)).toBe('refused');
    minute.most = most;
    expect(await take()).toMatchObject({ kind: 'refused', most: 10 });
    minute.nowMs = 60_000;
    const spent = await Promise.all(repeat(30, take));
    expect(kinds(spent).filter((kind) => kind === 'granted')).toHaveLength(granted);
  });
});

describe('a database that fails', () => {
  test('fails all who wait for the same answer at once, and the next one asks again', async () => {
    minute.failure = new Error('gone');
    const failed = await Promise.allSettled(repeat(20, take));
    expect(failed.map(({ status }) => status)).toEqual(repeat(20, () => 'rejected'));
    expect(minute.asked).toHaveLength(1);
    minute.failure = undefined;
    expect(await take()).toMatchObject({ kind: 'granted' });
  });

  test('takes nothing from what is held', async () => {
    minute.blockSize = 2;
    await take();
    minute.failure = new Error('gone');
    expect(await take()).toMatchObject({ kind: 'granted' });
    await expect(take()).rejects.toThrow('gone');
  });
});

test('what is held of licenses is bounded: the oldest are forgotten, and asked for again', async () => {
  minute.most = 1_000_000;
  minute.blockSize = 2;
  const licenses = repeat(50_001, () => 0).map((_, at) => ({ name: NAME, license: `l${at}`, needed: 1 }) as const);
  await minute.blocks.refill(licenses);
  expect(minute.blocks.of(NAME, 'l0')).toBeUndefined();
  expect(minute.blocks.of(NAME, 'l50000')).toMatchObject({ left: 2 });
  expect(await minute.blocks.take(NAME, 'l0')).toMatchObject({ kind: 'granted' });
});

describe('over one database', () => {
  let server: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    server = await createTestDatabase();
    database = await Database.open(testSettings(server.url));
  });
  afterAll(async () => {
    await database.close();
    await server.drop();
  });

  test('processes together spend no more of one minute than its limit, and all of it if one of them goes on', async () => {
    const processes = repeat(3, () => blocksOver(database, 50));
    await beginMinute(database);
    const all = await Promise.all(processes.map((one) => Promise.all(repeat(60, () => one.take(NAME, 'a')))));
    const granted = kinds(all.flat()).filter((kind) => kind === 'granted');
    expect(granted).toHaveLength(50);
    expect(all.flat().filter((one) => one.kind === 'refused' && one.isFirstRefusal)).toHaveLength(1);
  });

  test.each<[string, string, number]>([
    ['more than a minute begins a minute anew', '2 minutes', 50],
    ['less goes on with the minute that it left, to its end', '1 minute', 0],
  ])('a clock of the database that is set back by %s', async (_, ahead, granted) => {
    const [before, after] = [blocksOver(database, 50), blocksOver(database, 50)];
    await beginMinute(database);
    await before.take(NAME, 'a', 50);
    await database.pool.query('update quota_windows set began_at = began_at + $1::interval', [ahead]);
    const spent = await Promise.all(repeat(51, () => after.take(NAME, 'a')));
    expect(kinds(spent).filter((kind) => kind === 'granted')).toHaveLength(granted);
    expect(spent.at(-1)!.endsInMs > 60_000).toBe(granted === 0);
  });
});
