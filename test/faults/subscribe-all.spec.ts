/**
 * Subscribes 100,000 vehicles in one call while an engine works for others, and kills the process that does it half-way.
 * The test holds the webhook's row, lets a step through at a time, and waits for a firing before the next.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Answer, Developer } from '../support/developer.js';
import { ProductSetup } from '../support/product-setup.js';
import { eventually, Product } from '../support/product.js';
import { signalMessage } from '../support/stream.js';

const VEHICLES = 100_000;
const STEP = 1_000;
const OTHER_LICENSE = '0x2222222222222222222222222222222222222222';
/** Slow enough that the call is not done when its caller is answered. */
const PACE_MS = 500;
/** A dead holder's time, and a look for what it left. */
const TAKE_OVER_MS = 60_000;
/** Steps after the answer, and then the kill. */
const STEPS_BEFORE_KILL = 10;

let setup: ProductSetup;
let engine: Product;
let control: pg.Client;

beforeAll(async () => {
  setup = await ProductSetup.create();
  await setup.start({ ROLE: 'api' });
  engine = Product.launch({ environment: { ...setup.environment, ROLE: 'engine' } });
  await engine.logged(({ msg }) => msg === 'index is loaded');
  control = await ownClient();
}, 60_000);

afterAll(async () => {
  await control?.end();
  await engine?.stop();
  await setup?.stop();
}, 30_000);

test('100,000 vehicles are subscribed once, through a kill, while firings of others go on between the steps', async () => {
  const developer = await setup.developer();
  const [mine, firings] = await Promise.all([register(developer), FiringsOfOthers.watch()]);
  await grantAll(developer.license);
  const gate = await StepGate.before(mine);
  /** A firing comes while nothing moves; then a step is through. */
  const interval = async (atMs = 0) => {
    const done = await doneOf(mine);
    await firings.oneMore();
    await setTimeout(Math.max(0, atMs - performance.now()));
    expect(await doneOf(mine)).toBe(done);
    await gate.letOneThrough();
    expectSteps(done, await doneOf(mine));
  };

  const begunMs = performance.now();
  let answer: Answer | undefined;
  const call = developer.call('POST', `/v1/webhooks/${mine}/subscribe/all`).then((given) => (answer = given));
  for (let step = 1; answer === undefined; step++) await interval(begunMs + step * PACE_MS);
  await call;
  expect(answer).toMatchObject({ status: 202 });
  const location = answer.headers.get('location')!;
  for (let step = 0; step < STEPS_BEFORE_KILL; step++) await interval();
  const shown = (await developer.call('GET', location)).body as { done: number };
  expect(shown).toEqual({ done: await doneOf(mine), total: VEHICLES, completed: false });

  // The step that waits has died, and its backend notices when it has the row.
  await gate.stepsWaiting(1);
  await setup.product.kill();
  await gate.letOneThrough();
  expect(await doneOf(mine)).toBe(shown.done);
  await setup.start({ ROLE: 'api' });
  for (let before = shown.done; before < VEHICLES;) {
    await interval();
    const { done } = (await developer.call('GET', location)).body as { done: number };
    expectSteps(before, done);
    before = done;
  }
  await gate.open();
  const isCompleted = async () => ((await developer.call('GET', location)).body as { completed: boolean }).completed;
  await eventually(isCompleted, 'the operation has ended');
  expect(firings.count).toBeGreaterThan((VEHICLES / STEP) * 0.75);
  expect((await developer.call('GET', location)).body).toEqual({
    done: VEHICLES,
    total: VEHICLES,
    completed: true,
    result: { message: `Subscribed ${VEHICLES} assets`, subscribed: VEHICLES, alreadySubscribed: 0 },
  });
  expect(await onRecord(mine)).toEqual({ subscriptions: VEHICLES, told: VEHICLES, once: VEHICLES, logged: [VEHICLES] });
  await setup.stream.send(setup.topics.signals, [signalMessage(vehicle(VEHICLES), { speed: 90 })]);
  await eventually(async () => (await firedBy(mine)) === 1, 'the last vehicle fires');
});

/** One step; seldom two, since whoever finds the row free takes it before whoever is being woken up for it. */
function expectSteps(before: number, after: number): void {
  expect([STEP, 2 * STEP]).toContain(after - before);
}

/** A webhook of another license, whose vehicle keeps sending. */
class FiringsOfOthers {
  count = 0;
  private constructor(private readonly id: string) {}

  static async watch(): Promise<FiringsOfOthers> {
    const other = await setup.developer(OTHER_LICENSE);
    const { id } = await other.watch({ targetURL: setup.receiver.url('/other') }, [vehicle(VEHICLES + 1)]);
    return new FiringsOfOthers(id);
  }

  /** Resolves when one more record has been sent and has fired. */
  async oneMore(): Promise<void> {
    this.count++;
    await setup.stream.send(setup.topics.signals, [signalMessage(vehicle(VEHICLES + 1), { speed: 90 })]);
    await eventually(async () => (await firedBy(this.id)) === this.count, `firing ${this.count} of another vehicle`);
  }
}

/** Holds the row that every step needs. Whoever queues behind a step, and holds the row again, has let this one through. */
class StepGate {
  private constructor(
    private readonly triggerId: string,
    private holder: pg.Client,
  ) {}

  static async before(triggerId: string): Promise<StepGate> {
    const gate = new StepGate(triggerId, await ownClient());
    await gate.lock(gate.holder);
    return gate;
  }

  async letOneThrough(): Promise<void> {
    await this.stepsWaiting(1);
    const next = await ownClient();
    const locked = this.lock(next);
    await this.stepsWaiting(2);
    await this.holder.end();
    await locked;
    this.holder = next;
  }

  /** Whoever waits for the row: a step, or the next holder behind it. */
  stepsWaiting(count: number): Promise<void> {
    const sql = `select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query ilike '%trigger%'`;
    return eventually(async () => (await control.query(sql)).rowCount === count, `${count} wait`, TAKE_OVER_MS);
  }

  async open(): Promise<void> {
    await this.holder.end();
  }

  private async lock(client: pg.Client): Promise<void> {
    await client.query('begin');
    await client.query('select 1 from triggers where id = $1 for no key update', [this.triggerId]);
  }
}

async function ownClient(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: setup.database.url });
  // A test that fails leaves it to the end of the database.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function register(developer: Developer): Promise<string> {
  const answer = await developer.register({ targetURL: setup.receiver.url('/mine') });
  return (answer.body as { id: string }).id;
}

async function grantAll(license: string): Promise<void> {
  await control.query(
    `insert into grants (license, vehicle, permissions, updated_at)
     select $1, $2 || n, array['privilege:GetNonLocationHistory'], now() from generate_series(1, $3::int) n`,
    [license, vehicle(0).slice(0, -1), VEHICLES],
  );
}

function vehicle(tokenId: number): string {
  return `did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:${tokenId}`;
}

async function doneOf(triggerId: string): Promise<number> {
  return numberOf('select count(*)::int from subscriptions where trigger_id = $1', triggerId);
}

async function firedBy(triggerId: string): Promise<number> {
  return numberOf(`select count(*)::int from events where trigger_id = $1 and type = 'trigger.fired'`, triggerId);
}

async function numberOf(sql: string, triggerId: string): Promise<number> {
  return (await control.query<{ count: number }>(sql, [triggerId])).rows[0]!.count;
}

/** What PostgreSQL has of it: subscriptions, what engines were told, how much of that once, and the counts in the log. */
async function onRecord(triggerId: string): Promise<object> {
  const changes = `from index_changes where trigger_id = $1 and kind = 'subscribed'`;
  const { rows } = await control.query<{ payload: string }>(
    `select payload from events where trigger_id = $1 and type = 'subscription.created'`,
    [triggerId],
  );
  return {
    subscriptions: await doneOf(triggerId),
    told: await numberOf(`select count(*)::int ${changes}`, triggerId),
    once: await numberOf(`select count(distinct vehicle)::int as count ${changes}`, triggerId),
    logged: rows.map(({ payload }) => (JSON.parse(payload) as { count: number }).count),
  };
}
