/**
 * Twenty times kill -9 under load, at seeded moments, every other one between a request and its settling. A model of
 * the product, written here and nowhere else, computes the ids of all firings from what was put on the topic; the ids
 * that the receiver has seen must be exactly these.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { firingId } from '../support/fleet-model.js';
import { ProductSetup } from '../support/product-setup.js';
import { eventually } from '../support/product.js';
import { random, type Random } from '../support/random.js';
import { signalMessage, type StreamMessage } from '../support/stream.js';

const KILLS = 20;
const SEED = Number(process.env.TEST_SEED ?? 20_260_115);
const VEHICLES = Array.from(
  { length: 12 },
  (_, i) => `did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:${i + 1}`,
);
const COOLDOWN_SECONDS = 20;

/** The rules that the model knows by heart. */
const RULES = [
  { path: '/changed', condition: 'value > 50 && value != previousValue', coolDownPeriod: 0 },
  { path: '/cooled', condition: 'value > 80', coolDownPeriod: COOLDOWN_SECONDS },
] as const;

interface Sent {
  vehicle: string;
  speed: number;
  timeMs: number;
  partition: number;
  offset: bigint;
}

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
  const webhooks = new Map<string, string>();
  const developer = await setup.developer();
  for (const { path, ...rule } of RULES) {
    webhooks.set(path, (await developer.watch({ ...rule, targetURL: setup.receiver.url(path) }, VEHICLES)).id);
  }
  const sent: Sent[] = [];
  const load = produce(dice, sent);
  for (let kill = 0; kill < KILLS; kill++) {
    await (kill % 2 === 0 ? duringSending(dice) : afterProgress(dice));
    await setup.product.kill();
    await setup.start();
  }
  await load.stop();
  const expected = firings(sent, webhooks);
  const seen = () => new Set(RULES.flatMap(({ path }) => setup.receiver.at(path).map(({ event }) => event.id)));
  await eventually(() => seen().size >= expected.size, 'every firing has arrived', 60_000).catch(() => undefined);
  const arrived = seen();
  expect({
    lost: [...expected.keys()].filter((id) => !arrived.has(id)),
    extra: [...arrived].filter((id) => !expected.has(id)),
  }).toEqual({ lost: [], extra: [] });
  expect(expected.size).toBeGreaterThan(KILLS * 10);
  checkContents(expected);
}, 280_000);

/** Puts a batch on the topic every few milliseconds, through all kills, until it is stopped. */
function produce(dice: Random, sent: Sent[]): { stop(): Promise<void> } {
  let isOver = false;
  // Kafka refuses times that are far ahead; these stay behind, however long it takes.
  let timeMs = Date.now() - 86_400_000;
  const running = (async () => {
    while (!isOver) {
      const batch = Array.from({ length: 1 + dice.below(10) }, () => {
        timeMs += dice.below(2_000);
        return { vehicle: VEHICLES[dice.below(VEHICLES.length)]!, speed: dice.below(120), timeMs };
      });
      const messages: StreamMessage[] = batch.map((one) => ({
        ...signalMessage(one.vehicle, { speed: one.speed }),
        timeMs: one.timeMs,
      }));
      const places = await setup.stream.sendAll(setup.topics.signals, messages);
      batch.forEach((one, i) => sent.push({ ...one, ...places[i]! }));
      await new Promise((resolve) => setTimeout(resolve, 25));
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
      setup.receiver.behave(path, (later, answer) => {
        setup.receiver.received.push(later);
        answer.end();
      });
      resolve();
    });
  });
}

/** Resolves when some more firings have been committed. */
async function afterProgress(dice: Random): Promise<void> {
  const wanted = setup.receiver.received.length + 1 + dice.below(60);
  await eventually(() => setup.receiver.received.length >= wanted, 'the product goes on', 60_000);
}

interface ExpectedFiring {
  path: string;
  speed: number;
  sequence: number;
}

/** The model: what fires, in the order of each partition, by the rules above. */
function firings(sent: readonly Sent[], webhooks: ReadonlyMap<string, string>): Map<string, ExpectedFiring> {
  const inOrder = [...sent].sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
  const expected = new Map<string, ExpectedFiring>();
  const last = new Map<string, { speed: number; timeMs: number; sequence: number }>();
  for (const sample of inOrder) {
    for (const { path, coolDownPeriod } of RULES) {
      const key = `${path} ${sample.vehicle}`;
      const before = last.get(key);
      const isMet =
        path === '/changed' ? sample.speed > 50 && sample.speed !== (before?.speed ?? 0) : sample.speed > 80;
      const isCooling = before !== undefined && Math.abs(sample.timeMs - before.timeMs) < coolDownPeriod * 1000;
      if (!isMet || isCooling) continue;
      const sequence = (before?.sequence ?? 0) + 1;
      last.set(key, { speed: sample.speed, timeMs: sample.timeMs, sequence });
      expected.set(idOf(webhooks.get(path)!, sample), { path, speed: sample.speed, sequence });
    }
  }
  return expected;
}

function idOf(webhookId: string, { vehicle, timeMs, partition, offset }: Sent): string {
  return firingId(timeMs, [webhookId, vehicle, setup.topics.signals, 0, partition, offset, 0]);
}

/** Each firing says what the model says, and a repeated delivery is the same to the byte. */
function checkContents(expected: ReadonlyMap<string, ExpectedFiring>): void {
  const bodies = new Map<string, string>();
  for (const { path, event, body, headers } of setup.receiver.received) {
    expect({ path, speed: event.data.signal.value as number, sequence: Number(event.sequence) }).toEqual(
      expected.get(event.id),
    );
    expect(headers['webhook-id']).toBe(event.id);
    expect(bodies.get(event.id) ?? body).toBe(body);
    bodies.set(event.id, body);
  }
}

/** Kafka's own lower limit is 6 s; the embedded broker has none. */
function sessionTimeoutMs(): string {
  return process.env.KAFKA_BROKERS ? '6000' : '1500';
}
