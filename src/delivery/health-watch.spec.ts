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
      giveUp: (endpointId, status) => tell(`give up ${endpointId} ${status}`),
    },
    queue: { expire: (endpointId, beforeMs) => tell(`expire ${endpointId} ${beforeMs}`).then(() => 1) },
    limits: { hours: 120 },
    clock: () => now,
    onGivenUp: (endpointId, isGivenUp) => told.push(`${endpointId} is given up: ${isGivenUp}`),
    log: silentLog,
  });
});

function ailing(endpointId: string, hours: number, failures = 50): AilingEndpoint {
  const failingSinceMs = now - hours * HOUR_MS;
  return { endpointId, failures, failedFirings: 1, failingSinceMs, warned: 0, lastError: null };
}

/** Everything that was begun has been written. */
const written = () => new Promise((resolve) => setImmediate(resolve));

describe('what is known of an endpoint decides', () => {
  test.each<[number, string[]]>([
    [1, []],
    [60, ['warn e1 50 120 hours']],
    [120, ['give up e1 failed', 'e1 is given up: true']],
  ])('after %i hours of failures', async (hours, expected) => {
    watch.look([ailing('e1', hours)]);
    await written();
    expect(told).toEqual(expected);
  });

  test('once while it is being written, and again after that', async () => {
    watch.look([ailing('e1', 60)]);
    watch.look([ailing('e1', 60), ailing('e2', 60)]);
    await written();
    expect(told).toEqual(['warn e1 50 120 hours', 'warn e2 50 120 hours']);
    watch.look([ailing('e1', 120)]);
    await written();
    expect(told).toContain('give up e1 failed');
  });

  test('what could not be written is tried again with the next failure', async () => {
    isBroken = true;
    watch.look([ailing('e1', 120)]);
    await written();
    isBroken = false;
    watch.look([ailing('e1', 120)]);
    await written();
    expect(told).toEqual(['give up e1 failed', 'e1 is given up: false', 'give up e1 failed', 'e1 is given up: true']);
  });

  test('that it is gone is written even while a warning is', async () => {
    watch.look([ailing('e1', 60)]);
    watch.gone('e1', 'Answered 410.');
    await written();
    expect(told).toEqual(['warn e1 50 120 hours', 'give up e1 gone', 'e1 is given up: true']);
  });
});

describe('what waits at a dead endpoint expires', () => {
  test('once a minute for each', () => {
    for (const endpointId of ['e1', 'e2', 'e1']) watch.expire(ailing(endpointId, 1), 5);
    now += 59_999;
    watch.expire(ailing('e1', 1), 6);
    now += 1;
    watch.expire(ailing('e1', 1), 7);
    expect(told).toEqual(['expire e1 5', 'expire e2 5', 'expire e1 7']);
  });

  test('not while its breaker is closed', () => {
    watch.expire(ailing('e1', 1, 4), 5);
    expect(told).toEqual([]);
  });
});
