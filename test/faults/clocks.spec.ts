/** The wall clock of every process of the product is set by an hour and by 40 days, ahead and back, and it goes on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { vehiclesWith } from '../support/fleet-load.js';
import { FLEET_RULES } from '../support/fleet-model.js';
import { eventually, type LogLine } from '../support/product.js';
import type { Received } from '../support/receiver.js';
import { FaultWorld } from './fault-world.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What receivers allow between the time of a signature and their own. */
const TOLERANCE_SECONDS = 300;
const CLOCK_MODULE = new URL('../support/clock.mjs', import.meta.url).href;

const folder = mkdtempSync(join(tmpdir(), 'tripline-clock-'));
const clockFile = join(folder, 'offset');

let world: FaultWorld;

beforeAll(async () => {
  writeFileSync(clockFile, '0');
  const environment = { NODE_OPTIONS: `--import ${CLOCK_MODULE}`, TEST_CLOCK_FILE: clockFile };
  world = await FaultWorld.create({ environment });
}, 60_000);

afterAll(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true });
}, 60_000);

let vehicle = 1_000;

/** One after the other: each is a step from the one before. */
test.each([
  ['an hour ahead', HOUR_MS],
  ['an hour back', -HOUR_MS],
  ['40 days ahead', 40 * DAY_MS],
  ['40 days back', -40 * DAY_MS],
  ['right again', 0],
])(
  'set %s: all are ready, firings go on, signed at the right time, and a new subscription holds',
  async (_, offsetMs) => {
    writeFileSync(clockFile, String(offsetMs));
    const isSet = ({ msg, offsetMs: set }: LogLine) => msg === 'the clock is set' && set === offsetMs;
    await Promise.all(world.crew.members.map(({ product }) => product.logged(isSet)));
    await world.firingsArrive(60, 20_000);
    const signedSeconds = Number(world.setup.receiver.received.at(-1)!.headers['webhook-timestamp']);
    expect(Math.abs(signedSeconds - Date.now() / 1_000)).toBeLessThan(TOLERANCE_SECONDS);
    await world.allReady(10_000);
    const [added] = vehiclesWith('did', vehicle++, 1);
    await world.join(added!, FLEET_RULES.cooled.path);
    const isFrom = ({ event }: Received) => event.subject === added!.did;
    await eventually(() => world.setup.receiver.received.some(isFrom), 'a firing of the vehicle that was added');
  },
);

test('after all steps each firing has arrived once', () => world.settle(), 180_000);
