import { beforeEach, describe, expect, test } from '@jest/globals';
import { silentLog } from '../observability/log.js';
import type { AilingEndpoint } from '../store/settlement.js';
import { HealthWatch } from './health-watch.js';

const HOUR_MS = 3_600_000;

let now: number;
let told: string[];
let isBroken: boolean;
let watch: HealthWatch;

function tell(what: string): Promise<boolean> {
  told.push(what);
  return isBroken ? Promise.reject(new Error('no database')) : Promise.resolve(true);
}

beforeEach(() => {
  now = 1_000 * HOUR_MS;
  told = [];
  isBroken = false;
  watch = new HealthWatch({
    health: {
      warn: async ({ endpointId }, percent, limit) => void (await tell(`warn ${endpointId} ${percent} ${limit}`)),
      giveUp: (endpointId, url, status) => tell(`give up ${endpointId} at ${url} ${status}`),
    },
    queue: { expire: (endpointId, ageMs) => tell(`expire ${endpointId} ${ageMs}`).then(() => 1) },
    limits: { hours: 120 },
    ticks: () => now,
    onGivenUp: (endpointId, isGivenUp) => told.push(`${endpointId} is given up: ${isGivenUp}`),
    log: silentLog,
  });
});

function ailing(endpointId: string, hours: number, failures = 50): AilingEndpoint {
  return { endpointId, failures, failedFirings: 1, failingForMs: hours * HOUR_MS, warned: 0, lastError: null };
}

/** Everything that was begun has been written. */
const written = () => new Promise((resolve) => setImmediate(resolve));

describe('what is known of an endpoint decides', () => {
  test.each<[number, string[]]>([
    [1, []],
    [60, ['warn e1 50 120 hours']],
    [120, ['give up e1 at url failed', 'e1 is given up: true']],
  ])('after %i hours of failures', async (hours, expected) => {
    watch.look(ailing('e1', hours), 'url');
    await written();
    expect(told).toEqual(expected);
  });

  test('once while it is being written, and again after that', async () => {
    watch.look(ailing('e1', 60), 'url');
    watch.look(ailing('e1', 60), 'url');
    watch.look(ailing('e2', 60), 'url');
    await written();
    expect(told).toEqual(['warn e1 50 120 hours', 'warn e2 50 120 hours']);
    watch.look(ailing('e1', 120), 'url');
    await written();
    expect(told).toContain('give up e1 at url failed');
  });

  test('what could not be written is tried again with the next failure', async () => {
    isBroken = true;
    watch.look(ailing('e1', 120), 'url');
    await written();
    isBroken = false;
    watch.look(ailing('e1', 120), 'url');
    await written();
    expect(told).toEqual([
      'give up e1 at url failed',
      'e1 is given up: false',
      'give up e1 at url failed',
      'e1 is given up: true',
    ]);
  });

  test('that it is gone is written even while a warning is', async () => {
    watch.look(ailing('e1', 60), 'url');
    watch.gone('e1', 'url', 'Answered 410.');
    await written();
    expect(told).toEqual(['warn e1 50 120 hours', 'give up e1 at url gone', 'e1 is given up: true']);
  });
});

describe('what waits at a dead endpoint expires', () => {
  test('once a minute for each', () => {
    const expire = (endpointId: string) => watch.expire(ailing(endpointId, 2), HOUR_MS);
    for (const endpointId of ['e1', 'e2', 'e1']) expire(endpointId);
    expect(told).toEqual([`expire e1 ${HOUR_MS}`, `expire e2 ${HOUR_MS}`]);
    now += 59_999;
    expire('e1');
    expect(told).toHaveLength(2);
    now += 1;
    expire('e1');
    expect(told[2]).toBe(`expire e1 ${HOUR_MS}`);
  });

  test.each([
    ['for as long', 0, true],
    ['for less: it is not to blame for all of the wait', 1, false],
  ])('where it has been failing %s', (_what, moreMs, isExpected) => {
    const one = ailing('e1', 1);
    watch.expire(one, one.failingForMs + moreMs);
    expect(told).toHaveLength(isExpected ? 1 : 0);
  });

  test('not while its breaker is closed', () => {
    watch.expire(ailing('e1', 2, 4), HOUR_MS);
    expect(told).toEqual([]);
  });
});
