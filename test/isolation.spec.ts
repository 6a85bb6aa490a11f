/**
 * Nobody sees, changes or learns anything of another license. Every operation of the document is called with whatever it
 * takes of another license, and with what nobody has: answers and statements are the same, and nothing moves.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { builtInCatalog } from '../src/core/catalog.js';
import { parseRetrySchedule } from '../src/core/retry-schedule.js';
import { ALL_SCOPES, type Scope } from '../src/core/scopes.js';
import { Sender } from '../src/delivery/sender.js';
import { createLog } from '../src/observability/log.js';
import { Metrics } from '../src/observability/metrics.js';
import { FIND_API_KEY, NOTE_USE_OF_API_KEY } from '../src/store/sql/find-api-key.js';
import { FEED_BOUND, FEED_DELIVERIES, FEED_EVENTS } from '../src/store/sql/read-feed.js';
import { DeliveryQueue } from '../src/store/queue.js';
import { AddressGuard } from '../src/target/address-guard.js';
import { TargetClient } from '../src/target/http-client.js';
import { LocalGrants } from '../src/access/local-grants.js';
import { TestApi, send, vehicle, type Answer } from './support/api.js';
import { Belongings } from './support/belongings.js';
import { EngineWorld, newTopic, process as evaluate, speedRecord } from './support/engine-world.js';
import { callOf, namesIn, neverGiven, plansOf, ROUTES, strangersOf, unknownLike } from './support/operation-calls.js';
import type { Call, Name, Plan, Route } from './support/operation-calls.js';
import { eventually } from './support/product.js';
import { rowsAbout } from './support/rows-about.js';
import { StatementLog, withoutBreaks } from './support/statement-log.js';

const DEVELOPERS = ROUTES.filter(({ definition }) => definition.access === 'developer');
const HEARTBEAT_MS = 40;
const NEVER_MS = 3_600_000;

let api: TestApi;
let own: Belongings;
let foreign: Belongings;
let statements: StatementLog;
/** Every line that the program logged. */
const lines: string[] = [];
const log = createLog('debug', undefined, { write: (line: string) => void lines.push(line) });

beforeAll(async () => {
  api = await TestApi.start({
    log,
    streamTimes: { heartbeatMs: HEARTBEAT_MS },
    // Nobody looks for what goes on in the background while statements are written down.
    bulkTimes: { scanMs: NEVER_MS, heartbeatMs: NEVER_MS },
    autoSubscribe: { scanMs: NEVER_MS, heartbeatMs: NEVER_MS },
  });
  own = await Belongings.of(api);
  foreign = await Belongings.of(api);
  statements = StatementLog.start();
});
afterAll(async () => {
  statements?.stop();
  await api?.stop();
});

function isStream({ definition }: Route): boolean {
  return definition.answer?.mediaType === 'text/event-stream';
}

/** Two heartbeats of a stream that has nothing to say. */
const QUIET = /: \n\n.*: \n\n/s;
const ANYTHING = /./;

/** Sends a call; what does not end by itself is read until it has been quiet for a while, or has what else ends it. */
async function ask(route: Route, call: Call, token = own.developer.token, end = QUIET): Promise<Answer> {
  const { method, path, body } = call;
  const headers = { authorization: `Bearer ${token}`, ...call.headers };
  if (isStream(route)) return beginningOf(path, headers, end);
  return send(api.url, method, path, headers, body === undefined ? undefined : JSON.stringify(body));
}

/** What a stream sends until it has what ends it. */
async function beginningOf(path: string, headers: Record<string, string>, end: RegExp): Promise<Answer> {
  const stopping = new AbortController();
  const response = await fetch(api.url + path, { headers, signal: stopping.signal });
  let text = '';
  try {
    const decoder = new TextDecoder();
    for await (const bytes of response.body!) {
      text += decoder.decode(bytes as Uint8Array, { stream: true });
      if (response.status !== 200 || end.test(text)) break;
    }
  } finally {
    stopping.abort();
  }
  const { status, headers: answered } = response;
  return { status, headers: answered, text: text.replaceAll(': \n\n', ''), body: undefined };
}

/** Everything of an answer but what is of the moment and what it was asked with. */
function shown({ status, headers, text }: Answer, asked: readonly string[]): object {
  const seen = [...headers].filter(([name]) => !['x-request-id', 'date', 'ratelimit'].includes(name));
  return { status, headers: without(JSON.stringify(seen), asked), text: without(text, asked) };
}

/** What was made just now is called something else each time. */
function without(text: string, asked: readonly string[]): string {
  return asked
    .flatMap(spellings)
    .reduce((rest, name) => rest.replaceAll(name, '<asked>'), text)
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
    .replace(/whsec_[\w+/=]+|tl_live_\w+/g, '<secret>')
    .replace(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, '<time>');
}

/** As it is, as a cursor, and what of a vehicle stays the same when its DID is percent-encoded. */
function spellings(name: string): string[] {
  const number = /^did:.*:(\d+)$/.exec(name)?.[1];
  return [name, Buffer.from(name).toString('base64url'), ...(number === undefined ? [] : [number])];
}

/** What of the foreign license stands in a text; nothing that it was asked with counts. */
function foreignMarks(text: string, asked: readonly string[] = []): string[] {
  const rest = asked.flatMap(spellings).reduce((left, name) => left.replaceAll(name, ''), text);
  return foreign.marks.flatMap(spellings).filter((mark) => rest.includes(mark));
}

/**
 * All streams of the process share one reader of the log, which looks at it again and again, and for a moment after the
 * last stream has ended. Whether it does so during a call, and finds what an earlier call wrote, is chance.
 */
const FOLLOWING = new Set([FEED_BOUND, FEED_DELIVERIES, FEED_EVENTS].map(({ text }) => withoutBreaks(text)));

/** Whose a key is, and, once a minute, that it was used. */
const LOOK_AT_KEY = new Set([FIND_API_KEY, NOTE_USE_OF_API_KEY].map(({ text }) => withoutBreaks(text)));

/** What was sent for the call. How often a stream sends a statement until it is quiet is chance as well. */
function comparable(route: Route, texts: string[]): string[] {
  const asked = texts.filter((text) => !FOLLOWING.has(text));
  return isStream(route) ? [...new Set(asked)].sort() : asked;
}

test.each(DEVELOPERS)('somebody has said how to call $definition.id, with everything that may be an id', (route) => {
  expect(plansOf(route)).not.toEqual([]);
  expect(neverGiven(route)).toEqual([]);
});

const BORROWED: [title: string, route: Route, plan: Plan, name: Name][] = DEVELOPERS.flatMap((route) =>
  plansOf(route).flatMap((plan, place) =>
    namesIn(route, plan).map((name): [string, Route, Plan, Name] => {
      return [`${route.definition.id}${place === 0 ? '' : ` (${place + 1})`}: ${name}`, route, plan, name];
    }),
  ),
);

describe('what another license has is as unknown as what nobody has', () => {
  let before: string;
  beforeAll(async () => {
    before = await rowsAbout(api.database.pool, foreign.names);
  });
  test.each(BORROWED)('%s', async (_title, route, plan, name) => {
    const theirs = foreign.names[name];
    const nobodys = unknownLike(theirs);
    const asked = [theirs, nobodys];
    const answers = [];
    for (const borrowed of asked) {
      const call = callOf(route, plan, { ...own.names, [name]: borrowed });
      const { result, statements: sent } = await statements.during(() => ask(route, call));
      expect(foreignMarks(JSON.stringify([...result.headers]) + result.text, asked)).toEqual([]);
      answers.push({ ...shown(result, asked), statements: comparable(route, sent) });
    }
    const [first, second] = answers;
    expect(first).toEqual(second);
    if (plan.id === name) {
      expect(first).toMatchObject({ status: 404 });
      expect(first!.statements).not.toEqual([]);
    }
    // What one call has changed is not held against the next.
    const [expected, after] = [before, await rowsAbout(api.database.pool, foreign.names)];
    before = after;
    expect(after).toBe(expected);
  });
});

describe('what a license sees is its own', () => {
  const reads = DEVELOPERS.filter(({ method }) => method === 'GET');
  const plans = reads.flatMap((route) =>
    plansOf(route).map((plan, place): [string, Route, Plan] => [`${route.definition.id} (${place + 1})`, route, plan]),
  );
  test.each(plans)('%s', async (_title, route, plan) => {
    const [answer, theirs] = await Promise.all([
      ask(route, callOf(route, plan, own.names)),
      ask(route, callOf(route, plan, foreign.names), foreign.developer.token),
    ]);
    expect(answer.status).toBe(plan.status ?? route.definition.status);
    expect(foreignMarks(JSON.stringify([...answer.headers]) + answer.text)).toEqual([]);
    expect(theirs.status).toBe(answer.status);
  });
});

const ADMINISTRATION = ROUTES.filter(({ definition }) => definition.access === 'admin');

test.each(ADMINISTRATION)('$definition.id is for no license, whosever it is about', async (route) => {
  const [plan] = plansOf(route);
  const answers = [];
  for (const { names } of [own, foreign]) {
    const { result, statements: sent } = await statements.during(() => ask(route, callOf(route, plan!, names)));
    answers.push({ ...shown(result, []), sent: comparable(route, sent) });
  }
  expect(answers[0]).toMatchObject({ status: 401, sent: [] });
  expect(answers[1]).toEqual(answers[0]);
});

describe('what is unique to a license may be used by another:', () => {
  test('a key of idempotency', async () => {
    const [route] = DEVELOPERS.filter(({ definition }) => definition.id === 'registerWebhook') as [Route];
    const headers = { 'Idempotency-Key': randomUUID() };
    const { body } = callOf(route, plansOf(route)[0]!, foreign.names);
    const theirs = await foreign.developer.call('POST', route.path, body, headers);
    const ours = await own.developer.call('POST', route.path, body, headers);
    expect([theirs.status, ours.status]).toEqual([201, 201]);
    expect(ours.headers.get('Idempotency-Replayed')).toBeNull();
    expect(ours.body.id).not.toBe(theirs.body.id);
    expect(ours.body.secret).not.toBe(theirs.body.secret);
  });

  test('a name of a webhook', async () => {
    const { displayName } = await foreign.developer.config(foreign.names.webhook);
    const [taken, free] = [displayName as string, `${displayName as string}!`];
    for (const name of [taken, free]) await own.developer.register({ displayName: name });
    expect(
      (await own.developer.call('POST', '/v1/webhooks', own.developer.webhook({ displayName: free }))).status,
    ).toBe(400);
  });
});

describe('a missing scope is refused the same whatever there is:', () => {
  const without = new Map<Scope, string>();
  const only = new Map<Scope, string>();
  beforeAll(async () => {
    for (const scope of ALL_SCOPES) {
      without.set(scope, (await own.key(ALL_SCOPES.filter((one) => one !== scope))).key);
      only.set(scope, (await own.key([scope])).key);
    }
  });

  test('only the question who one is needs none', () => {
    const free = DEVELOPERS.filter(({ definition }) => !ALL_SCOPES.includes(definition.scope!));
    expect(free.map(({ definition }) => [definition.id, definition.scope])).toEqual([['getMe', null]]);
  });

  const scoped = DEVELOPERS.filter(({ definition }) => definition.scope);
  const plans = scoped.flatMap((route) =>
    plansOf(route).map((plan, place): [string, Route, Plan] => [`${route.definition.id} (${place + 1})`, route, plan]),
  );
  test.each(plans)('%s', async (_title, route, plan) => {
    const scope = route.definition.scope!;
    const strangers = strangersOf(foreign.names);
    const answers = [];
    for (const names of [own.names, foreign.names, strangers]) {
      const call = callOf(route, plan, names);
      const { result, statements: sent } = await statements.during(() => ask(route, call, without.get(scope)));
      expect(result.status).toBe(403);
      expect(sent.filter((text) => !FOLLOWING.has(text) && !LOOK_AT_KEY.has(text))).toEqual([]);
      answers.push(shown(result, []));
    }
    const [first, ...others] = answers;
    for (const answer of others) expect(answer).toEqual(first);
    const refusal = { type: expect.stringMatching(/insufficient-scope$/), detail: expect.stringContaining(scope) };
    expect(JSON.parse((first as unknown as { text: string }).text)).toMatchObject(refusal);

    const letIn = await ask(route, callOf(route, plan, strangers), only.get(scope), ANYTHING);
    expect(letIn.status).not.toBe(401);
    expect(letIn.text).not.toContain('insufficient-scope');
  });
});

describe('while both licenses have traffic', () => {
  const both = vehicle(1_234_567_890);
  const metrics = new Metrics();
  let world: EngineWorld;

  beforeAll(async () => {
    world = EngineWorld.over(api.database);
    for (const { developer, names } of [own, foreign]) {
      await developer.grant([both]);
      await developer.call('POST', `/v1/webhooks/${names.webhook}/subscribe/${both}`);
    }
  });

  test('of two streams each has what is its own alone', async () => {
    const change = ({ developer, names }: Belongings, description: string) =>
      developer.call('PATCH', `/v1/webhooks/${names.webhook}`, { description });
    const streams = [own, foreign].map(({ developer }) => readStream(developer.token, /("webhook.updated".*){2}/s));
    await Promise.all(streams.map(({ isOpen }) => isOpen));
    for (const description of ['one', 'other']) for (const one of [own, foreign]) await change(one, description);
    const [ours, theirs] = (await Promise.all(streams.map(({ text }) => text))) as [string, string];
    expect([ours.includes(own.names.webhook), theirs.includes(foreign.names.webhook)]).toEqual([true, true]);
    expect([foreignMarks(ours), own.marks.filter((mark) => theirs.includes(mark))]).toEqual([[], []]);
  });

  test('what is sent, kept and shown of a firing is of its own license', async () => {
    const sender = await startSender(api, metrics);
    const engine = await world.engine({ metrics, log });
    const partition = await world.open(engine, newTopic());
    await evaluate(partition, [speedRecord(0, both, [60])]);
    const received = (of: Belongings) => api.target.received.filter(({ path }) => path === `/token/${of.names.token}`);
    await eventually(() => [own, foreign].every((one) => received(one).length === 1), 'both firings to be delivered');
    await sender.stop();
    const [ours] = received(own);
    expect(ours!.headers['x-mark']).toBe(own.names.token);
    expect(foreignMarks(JSON.stringify(ours))).toEqual([]);
    for (const path of ['/v1/events', '/v1/deliveries']) {
      const { text, body } = await own.developer.call('GET', `${path}?vehicle=${both}&limit=500`);
      expect(body.data).not.toEqual([]);
      expect(foreignMarks(text)).toEqual([]);
    }
  });

  test('metrics tell of no license', async () => {
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/tripline_evaluations_total\{outcome="fired"\} 2/);
    expect([...own.marks, ...foreign.marks, both].filter((mark) => text.includes(mark))).toEqual([]);
    const labels = [...new Set(metrics.registry.getMetricsAsArray().flatMap((one) => labelsOf(one)))];
    expect(labels).toContain('outcome');
    expect(labels.filter((label) => /license|tenant|owner|trigger|webhook|vehicle|endpoint|key/i.test(label))).toEqual(
      [],
    );
  });

  test('previousValue and cool-down of equal webhooks never touch', async () => {
    const other = vehicle(1_234_567_891);
    const watch = async ({ developer }: Belongings, fields: object): Promise<string> => {
      const id = await developer.register({ condition: 'value != previousValue', ...fields });
      await developer.call('POST', `/v1/webhooks/${id}/subscribe/${other}`);
      return id;
    };
    for (const { developer } of [own, foreign]) await developer.grant([other]);
    const theirs = await watch(foreign, { coolDownPeriod: 0 });
    const ours = await watch(own, { coolDownPeriod: 3_600 });
    const topic = newTopic();
    const early = await world.open(await world.engine(), topic);
    await evaluate(early, [speedRecord(0, other, [10]), speedRecord(1, other, [20]), speedRecord(2, other, [30])]);
    const late = await watch(own, { condition: 'previousValue == 0' });
    const partition = await world.open(await world.engine(), topic);
    await evaluate(partition, [speedRecord(3, other, [40]), speedRecord(4, other, [50])]);

    const fired = async (id: string) => (await world.firings(id)).map(({ value }) => value);
    expect([await fired(theirs), await fired(ours), await fired(late)]).toEqual([[10, 20, 30, 40, 50], [10], [40]]);
    const state = async ({ developer }: Belongings, id: string) => {
      const { body } = await developer.call('GET', `/v1/webhooks/${id}/state/${other}`);
      const { previousValue, firings } = body as { previousValue: unknown; firings: number };
      return [previousValue, firings];
    };
    expect([await state(foreign, theirs), await state(own, ours), await state(own, late)]).toEqual([
      [50, 5],
      [10, 1],
      [40, 1],
    ]);
  });

  test('no line of the log tells of two licenses, and none has a secret', () => {
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told.some(({ license }) => license === own.names.license)).toBe(true);
    expect(told.some(({ license }) => license === foreign.names.license)).toBe(true);
    // A path is what its caller asked for.
    const texts = told.map((line) => JSON.stringify({ ...line, path: undefined }));
    const hasMark = ({ marks }: Belongings, text: string) => marks.some((mark) => text.includes(mark));
    expect(texts.filter((text) => hasMark(own, text) && hasMark(foreign, text))).toEqual([]);
    expect(lines.filter((line) => /tl_live_\w{20}|whsec_|secret-of-|eyJ\w{20}/.test(line))).toEqual([]);
  });
});

function labelsOf(metric: object): readonly string[] {
  return (metric as { labelNames?: readonly string[] }).labelNames ?? [];
}

/** Reads a stream until it has what ends it. */
function readStream(token: string, end: RegExp): { isOpen: Promise<unknown>; text: Promise<string> } {
  const stopping = new AbortController();
  const headers = { authorization: `Bearer ${token}` };
  const opened = fetch(`${api.url}/v1/stream`, { headers, signal: stopping.signal });
  const read = async (): Promise<string> => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of (await opened).body!) {
      text += decoder.decode(bytes as Uint8Array, { stream: true });
      if (end.test(text)) break;
    }
    stopping.abort();
    return text;
  };
  return { isOpen: opened, text: read() };
}

/** A sender over the same database, which may call the target. */
async function startSender(
  { database, secrets, grants, target }: TestApi,
  metrics: Metrics,
): Promise<{ stop: () => Promise<void> }> {
  const schedule = parseRetrySchedule('1h');
  if (schedule.kind === 'invalid') throw new Error(schedule.reason);
  const client = new TargetClient({
    guard: new AddressGuard({ allow: [`127.0.0.1:${target.port}`] }),
    ...{ timeoutMs: 5_000, connectionsPerOrigin: 4, ca: target.authorityPem, log },
  });
  const sender = new Sender({
    queue: new DeliveryQueue(database),
    ...{ client, secrets, schedule: schedule.schedule, catalog: builtInCatalog, log, metrics },
    bell: { listen: () => Promise.resolve(() => Promise.resolve()), ring: () => undefined },
    permissions: new LocalGrants({ grants }),
    health: { warn: () => Promise.resolve(), giveUp: () => Promise.resolve(false) },
    revoke: () => Promise.resolve(),
    ...{ permissionCacheMs: 60_000, failureLimits: { hours: 1 }, concurrency: 10, concurrencyPerEndpoint: 5 },
    ...{ timeoutMs: 5_000, heartbeatMs: 1_000, scanMs: 20 },
  });
  await sender.start();
  return {
    stop: async () => {
      await sender.stop(1_000);
      await client.close();
    },
  };
}
