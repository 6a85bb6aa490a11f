/**
 * Several processes of each role are restarted one after the other, while clients keep reading and writing over
 * connections that they keep, and records keep coming: no request fails, every record fires once, and partitions move
 * from and to what restarts only.
 */
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Balancer } from '../support/balancer.js';
import { START_PATIENCE_MS } from '../support/crew.js';
import { Developer } from '../support/developer.js';
import { eventually, Product } from '../support/product.js';
import { LICENSE, ProductSetup } from '../support/product-setup.js';
import { signalMessage } from '../support/stream.js';

/** With two, whoever stays takes everything; with three it shows that it keeps its own. */
const ENGINES = ['engine-1', 'engine-2', 'engine-3'];
const NAMES = ['api-1', 'api-2', ...ENGINES, 'delivery-1', 'delivery-2'];
const PARTITIONS = 9;
const VEHICLES = Array.from(
  { length: 6 },
  (_, i) => `did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:${i + 1}`,
);
const CLIENTS = 2;

const products = new Map<string, Product>();
let setup: ProductSetup;
let balancer: Balancer;
let token: string;

async function start(name: string): Promise<void> {
  const ROLE = name.split('-')[0]!;
  const own = { ROLE, INSTANCE_NAME: name, SHUTDOWN_DRAIN_SECONDS: '1' };
  const product = Product.launch({ environment: { ...setup.environment, ...own } });
  products.set(name, product);
  await product.ready(START_PATIENCE_MS);
}

beforeAll(async () => {
  setup = await ProductSetup.create({ partitions: PARTITIONS });
  await Promise.all(NAMES.map(start));
  balancer = await Balancer.start(() => [...products].filter(([name]) => name.startsWith('api')).map(([, one]) => one));
  token = await setup.issuer.issue({ license: LICENSE });
}, 240_000);

afterAll(async () => {
  await balancer?.stop();
  await Promise.all([...products.values()].map((product) => product.kill()));
  await setup?.stop();
}, 60_000);

/** The partitions of a topic that an engine had when it last joined. */
function partitionsOf(name: string): number[] {
  const line = products.get(name)!.lines.findLast(({ msg }) => msg === 'joined the consumer group');
  return (line?.partitions as Record<string, number[]> | undefined)?.[setup.topics.signals] ?? [];
}

const spread = () => Object.fromEntries(ENGINES.map((name) => [name, partitionsOf(name)]));

async function untilSpread(expected: Record<string, number[]>): Promise<void> {
  await eventually(() => JSON.stringify(spread()) === JSON.stringify(expected), 'partitions are where they were');
}

/** Resolves when those that run have all partitions between them, and each still has what it had. */
async function untilOthersShare(before: Record<string, number[]>, gone: string): Promise<void> {
  const others = ENGINES.filter((one) => one !== gone);
  const isShared = () => new Set(others.flatMap(partitionsOf)).size === PARTITIONS;
  await eventually(isShared, `the others share the partitions of ${gone}`);
  for (const name of others) expect(partitionsOf(name)).toEqual(expect.arrayContaining(before[name]!));
}

/** Asks without a pause over connections that are kept, reading and writing by turns, until it is stopped. */
function clients(webhookId: string): { stop(): Promise<{ asked: number; failed: string[] }> } {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const failed: string[] = [];
  let asked = 0;
  let isOver = false;
  const ask = (method: string, path: string, body?: string) =>
    new Promise<void>((resolve) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const asking = httpRequest(balancer.url + path, { method, headers, agent }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => {
          if (answer.statusCode !== 200) failed.push(`${method} ${answer.statusCode} ${text}`);
          resolve();
        });
        answer.on('error', (error) => (failed.push(String(error)), resolve()));
      });
      asking.on('error', (error) => (failed.push(String(error)), resolve()));
      asking.end(body);
    });
  const run = async (_: unknown, client: number) => {
    const check = JSON.stringify({ service: 'telemetry.signals', metricName: 'speed', condition: 'value > 55' });
    while (!isOver) {
      asked += 3;
      const description = JSON.stringify({ description: `${asked} of client ${client}` });
      await ask('PUT', `/v1/webhooks/${webhookId}`, description);
      await ask('GET', `/v1/webhooks/${webhookId}`);
      await ask('POST', '/v1/conditions/check', check);
      await sleep(25);
    }
  };
  const running = Promise.all(Array.from({ length: CLIENTS }, run));
  return {
    async stop() {
      isOver = true;
      await running;
      agent.destroy();
      return { asked, failed };
    },
  };
}

/** Puts records on the topic, each with a value that no other has, until it is stopped; gives their number. */
function produce(): { stop(): Promise<number> } {
  let isOver = false;
  let sent = 0;
  const running = (async () => {
    while (!isOver) {
      const batch = VEHICLES.map((vehicle) => signalMessage(vehicle, { speed: ++sent }));
      await setup.stream.sendAll(setup.topics.signals, batch);
      await sleep(100);
    }
  })();
  return { stop: () => ((isOver = true), running.then(() => sent)) };
}

/** Ends a process in order and starts it again; partitions move from it and back to it, and no others. */
async function restart(name: string, before: Record<string, number[]>): Promise<void> {
  const product = products.get(name)!;
  expect(await product.stop()).toBe(0);
  expect(product.lines.filter(({ level }) => level === 'error')).toEqual([]);
  if (ENGINES.includes(name)) await untilOthersShare(before, name);
  await start(name);
  if (ENGINES.includes(name)) await untilSpread(before);
}

test('a rolling restart of every process fails no request and loses or doubles no firing', async () => {
  const developer = new Developer({ url: balancer.url }, LICENSE, token);
  const webhook = { targetURL: setup.receiver.url('/all'), condition: 'value > 0' };
  const { id } = await developer.watch(webhook, VEHICLES);
  const share = PARTITIONS / ENGINES.length;
  await eventually(() => ENGINES.every((name) => partitionsOf(name).length === share), 'the engines share');
  const before = spread();
  const [asking, load] = [clients(id), produce()];
  let isOver = Promise.resolve();
  for (const name of NAMES) isOver = isOver.then(() => restart(name, before));
  // Neither goes on when a restart failed.
  await isOver.catch(() => undefined);
  const [{ asked, failed }, sent] = [await asking.stop(), await load.stop()];
  await isOver;
  expect(failed.slice(0, 5)).toEqual([]);
  expect(asked).toBeGreaterThan(100);
  const values = () => setup.receiver.at('/all').map(({ event }) => event.data.signal.value as number);
  await eventually(() => new Set(values()).size >= sent, 'every firing has arrived').catch(() => undefined);
  expect([...new Set(values())].sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, i) => i + 1));
  expect(new Set(setup.receiver.at('/all').map(({ event }) => event.id)).size).toBe(sent);
}, 290_000);
