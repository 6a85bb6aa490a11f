/**
 * Twenty times kill -9 under load, at seeded moments, every other one between a request and its settling. What the
 * receiver has seen must be exactly what the model says of the records that are on the topic.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { signalReport, vehiclesWith } from '../support/fleet-load.js';
import { expectedOf, FLEET_RULES, verdictOf, type Watch } from '../support/fleet-model.js';
import { ProductSetup } from '../support/product-setup.js';
import { eventually } from '../support/product.js';
import { random, type Random } from '../support/random.js';
import { readTopics } from '../support/topic-reader.js';

const KILLS = 20;
const SEED = Number(process.env.TEST_SEED ?? 20_260_115);
const VEHICLES = vehiclesWith('did', 1, 12);
const RULES = [FLEET_RULES.fast, FLEET_RULES.cooled, FLEET_RULES.geared];

let setup: ProductSetup;

beforeAll(async () => {
  setup = await ProductSetup.create();
  // A dead engine's partitions and a dead sender's endpoints are free again after these.
  Object.assign(setup.environment, { KAFKA_SESSION_TIMEOUT_MS: sessionTimeoutMs(), DELIVERY_LEASE_SECONDS: '2' });
  await setup.start();
}, 60_000);

afterAll(() => setup?.stop(), 30_000);

test(`after ${KILLS} kills the receiver has seen exactly the firings of the model, seed ${SEED}`, async () => {
  const dice = random(SEED);
  const watches = await watchFleet();
  const load = produce(dice);
  for (let kill = 0; kill < KILLS; kill++) {
    await (kill % 2 === 0 ? duringSending(dice) : afterProgress(dice));
    await setup.product.kill();
    await setup.start();
  }
  await load.stop();
  const records = await readTopics(process.env.TEST_KAFKA_BROKERS!, [setup.topics.signals]);
  const { firings } = expectedOf(records, watches);
  const { received } = setup.receiver;
  const seen = () => new Set(received.map(({ event }) => event.id)).size;
  await eventually(() => seen() >= firings.size, 'every firing has arrived', 60_000).catch(() => undefined);
  expect(verdictOf(firings, received)).toMatchObject({ lost: [], extra: [], wrong: [] });
  expect(firings.size).toBeGreaterThan(KILLS * 10);
}, 290_000);

async function watchFleet(): Promise<Watch[]> {
  const developer = await setup.developer();
  const dids = VEHICLES.map(({ did }) => did);
  const watches: Watch[] = [];
  for (const rule of RULES) {
    const { path, metric: metricName, condition, coolDownPeriod } = rule;
    const webhook = { metricName, condition, coolDownPeriod, targetURL: setup.receiver.url(path) };
    watches.push({ rule, webhookId: (await developer.watch(webhook, dids)).id, vehicles: new Set(dids) });
  }
  return watches;
}

/** Puts a batch on the topic every few milliseconds, through all kills, until it is stopped. */
function produce(dice: Random): { stop(): Promise<void> } {
  let isOver = false;
  // Kafka refuses times that are far ahead; these stay behind, however long it takes.
  let timeMs = Date.now() - 86_400_000;
  const running = (async () => {
    while (!isOver) {
      const batch = Array.from({ length: 1 + dice.below(10) }, () => {
        timeMs += dice.below(2_000);
        return signalReport(dice, VEHICLES[dice.below(VEHICLES.length)]!, { timeMs, id: 'report' });
      });
      await setup.stream.sendAll(setup.topics.signals, batch);
      await sleep(25);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await running;
    },
  };
}

/** Resolves when a delivery has reached the receiver, which then never answers it: the kill comes before the settling. */
function duringSending(dice: Random): Promise<void> {
  const { path } = RULES[dice.below(RULES.length)]!;
  let left = 1 + dice.below(20);
  return new Promise((resolve) => {
    setup.receiver.behave(path, (request, response) => {
      setup.receiver.received.push(request);
      if (--left > 0) return void response.end();
      setup.receiver.play(path, (later) => void later.end());
      resolve();
    });
  });
}

/** Resolves when some more firings have been committed. */
async function afterProgress(dice: Random): Promise<void> {
  const wanted = setup.receiver.received.length + 1 + dice.below(60);
  await eventually(() => setup.receiver.received.length >= wanted, 'the product goes on', 60_000);
}

/** Kafka's own lower limit is 6 s; the embedded broker has none. */
function sessionTimeoutMs(): string {
  return process.env.KAFKA_BROKERS ? '6000' : '1500';
}
