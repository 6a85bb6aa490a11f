/**
 * The behaviour cases of test/compat/cases.json over REST and Kafka against the running product. A case registers its
 * webhooks, puts its messages on the topics with record times of its own, and names the messages that fire.
 */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { expectStatus, type Developer } from './support/developer.js';
import { LICENSE, ProductSetup } from './support/product-setup.js';
import { eventually } from './support/product.js';
import type { Received } from './support/receiver.js';
import { signalMessage, type StreamMessage } from './support/stream.js';

interface CaseMessage {
  atMs: number;
  topic: 'signals' | 'events';
  signalCloudEvent?: { subject: string; source?: string };
  eventCloudEvent?: { subject: string; source?: string };
  raw?: string;
}

interface CaseWebhook {
  id?: string;
  developer?: string;
  receiverStatus?: number;
  [field: string]: unknown;
}

interface Case {
  id: string;
  name: string;
  given: {
    webhook?: CaseWebhook;
    webhooks?: CaseWebhook[];
    subscribed?: string[];
    messages: CaseMessage[];
    controls?: { atMs: number; action: 'update' | 'delete'; set?: object }[];
  };
  expect: {
    registration?: 'rejected';
    status?: number;
    firings?: number[];
    firingsByWebhook?: Record<string, number[]>;
    values?: unknown[];
    events?: object[];
  };
}

const { cases, count, defaults } = JSON.parse(readFileSync('test/compat/cases.json', 'utf8')) as {
  cases: Case[];
  count: number;
  defaults: { subject: string };
};

const SENTINEL_VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:999999';
const MINUTE_MS = 60_000;

let setup: ProductSetup;
let sentinel: Developer;
const registered: { developer: Developer; id: string }[] = [];

beforeAll(async () => {
  // One partition each: the order of a case's messages is the order of its topic.
  setup = await ProductSetup.create({ partitions: 1 });
  await setup.start({ CATALOG_FILE: setup.file('catalog.json', JSON.stringify(OPERATORS_OWN_METRICS)) });
  sentinel = await setup.developer();
  const targetURL = setup.receiver.url('/sentinel');
  await sentinel.watch({ targetURL, condition: 'true', metricName: 'speed' }, [SENTINEL_VEHICLE]);
}, 60_000);

afterAll(() => setup?.stop(), 30_000);

afterEach(async () => {
  for (const { developer, id } of registered.splice(0)) await developer.call('DELETE', `/v1/webhooks/${id}`);
});

/** `speed` as an event's name: that a metric must exist is shown elsewhere, here it is a name in both services. */
const OPERATORS_OWN_METRICS = {
  signals: [{ name: 'myCustomSignal', unit: '', valueType: 'float64' }],
  events: [{ name: 'speed' }],
};

test('there are 102 cases', () => {
  expect([count, cases.length, new Set(cases.map(({ id }) => id)).size]).toEqual([102, 102, 102]);
});

describe('a case holds', () => {
  test.each(cases)('$id: $name', async (scenario) => {
    const webhooks = scenario.given.webhooks ?? [scenario.given.webhook!];
    const paths = new Map<string, string>();
    for (const webhook of webhooks) {
      const path = await register(scenario, webhook);
      if (path !== undefined) paths.set(webhook.id ?? 'only', path);
    }
    await play(scenario);
    for (const [id, path] of paths) await check(scenario, id, path);
  });
});

/** Gives the path at which the webhook's firings arrive; undefined when it had to be refused, and was. */
async function register(scenario: Case, webhook: CaseWebhook): Promise<string | undefined> {
  const { id = 'only', developer: license = LICENSE, receiverStatus, ...fields } = webhook;
  const path = `/${scenario.id}/${id}`;
  if (receiverStatus !== undefined) {
    setup.receiver.behave(path, (_, response) => response.writeHead(receiverStatus).end());
  }
  const owner = await setup.developer(license);
  const answer = await owner.register({ ...fields, targetURL: setup.receiver.url(path) });
  if (scenario.expect.registration === 'rejected') {
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      scenario.expect.status,
      expect.stringContaining('application/problem+json'),
    ]);
    const { body } = await owner.call('GET', '/v1/webhooks');
    expect((body as { targetURL: string }[]).filter(({ targetURL }) => targetURL.endsWith(path))).toEqual([]);
    return undefined;
  }
  expectStatus(answer, 201);
  registered.push({ developer: owner, id: answer.body.id as string });
  const vehicles = scenario.given.subscribed ?? [defaults.subject];
  if (vehicles.length > 0) await owner.subscribe(answer.body.id as string, vehicles);
  return path;
}

/** Sends the messages in order and makes the changes in between; ends when everything is processed. */
async function play({ given }: Case): Promise<void> {
  const steps = [
    ...(given.controls ?? []).map((control) => ({ atMs: control.atMs, control, message: undefined })),
    ...given.messages.map((message) => ({ atMs: message.atMs, control: undefined, message })),
  ].sort((a, b) => a.atMs - b.atMs);
  const startMs = Date.now() - Math.max(0, ...steps.map(({ atMs }) => atMs)) - MINUTE_MS;
  for (const { atMs, control, message } of steps) {
    if (message) await setup.stream.send(setup.topics[message.topic], [recordOf(message, startMs + atMs)]);
    else await change(control);
  }
  await processed();
}

async function change(control: { action: 'update' | 'delete'; set?: object }): Promise<void> {
  await processed();
  const { developer, id } = registered[0]!;
  const isUpdate = control.action === 'update';
  const method = isUpdate ? 'PUT' : 'DELETE';
  expectStatus(await developer.call(method, `/v1/webhooks/${id}`, isUpdate ? control.set : undefined), 200);
}

function recordOf(message: CaseMessage, timeMs: number): StreamMessage {
  const cloudEvent = message.signalCloudEvent ?? message.eventCloudEvent;
  if (message.raw !== undefined) return { value: message.raw, timeMs };
  return { key: cloudEvent!.subject, value: JSON.stringify(cloudEvent), timeMs };
}

let sentinels = 0;

/** A firing that was put behind everything sent so far has arrived, and so was committed all that fired before it. */
async function processed(): Promise<void> {
  await setup.stream.send(setup.topics.signals, [signalMessage(SENTINEL_VEHICLE, { speed: ++sentinels })]);
  await setup.receiver.arrived('/sentinel', sentinels);
  await eventually(
    async () => (await setup.product.metric('tripline_consumer_lag_records')) === 0,
    'both topics are read',
  );
}

async function check(scenario: Case, id: string, path: string): Promise<void> {
  const wanted =
    scenario.expect.firingsByWebhook?.[id] ?? (scenario.expect.firingsByWebhook ? undefined : scenario.expect.firings);
  if (wanted === undefined) return;
  await setup.receiver.arrived(path, wanted.length);
  const arrived = inOrder(setup.receiver.at(path));
  const { webhook = scenario.given.webhooks?.find((one) => one.id === id) } = scenario.given;
  expect(arrived).toHaveLength(wanted.length);
  const isUpdated = scenario.given.controls?.some(({ set }) => set !== undefined && 'condition' in set);
  arrived.forEach(({ event }, i) => {
    const { source } = contentOf(scenario.given.messages[wanted[i]!]!);
    expect(event).toMatchObject({ type: 'dimo.trigger', data: isUpdated ? {} : { condition: webhook!.condition } });
    expect((event.data.signal ?? event.data.event).source).toBe(source);
    if (scenario.expect.values) expect(event.data.signal.value).toEqual(scenario.expect.values[i]);
    if (scenario.expect.events) expect(event.data.event).toMatchObject(scenario.expect.events[i]!);
  });
  const mine = registered.find(({ id: webhookId }) => webhookId === arrived[0]?.event.data.webhookId);
  if (mine && !scenario.given.controls?.some(({ action }) => action === 'delete')) {
    expect(await mine.developer.firings(mine.id)).toBe(wanted.length);
  }
}

/** Receivers see deliveries in any order; `sequence` has the order of a vehicle's firings, ids that of arrival. */
function inOrder(received: Received[]): Received[] {
  return [...received].sort(
    (a, b) =>
      a.event.id.slice(0, 13).localeCompare(b.event.id.slice(0, 13)) ||
      Number(a.event.sequence) - Number(b.event.sequence),
  );
}

/** The CloudEvent that a message is, or whose text it is. */
function contentOf({ raw, signalCloudEvent, eventCloudEvent }: CaseMessage): { source?: string } {
  return raw === undefined ? (signalCloudEvent ?? eventCloudEvent)! : (JSON.parse(raw) as { source?: string });
}
