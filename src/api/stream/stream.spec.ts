import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ApiDeveloper, TestApi, vehicle } from '../../../test/support/api.js';
import { transactionsOver } from '../../../test/support/database.js';
import { addEvent, addSettled, type EventRowFields } from '../../../test/support/log-rows.js';
import { silentLog } from '../../observability/log.js';
import { LogFeed } from '../../store/log-feed.js';
import type { ApiParts } from '../api-parts.js';
import { ApiModule, createHttpApp } from '../api.module.js';

interface StreamEvent {
  id: string;
  event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever JSON came
  data: any;
}

/** A client as a page would be: reads events one by one. */
class StreamClient {
  private text = '';
  private constructor(
    readonly response: Response,
    private readonly reader: ReadableStreamDefaultReader<Uint8Array>,
    private readonly stopping: AbortController,
  ) {}

  static async open(
    developer: ApiDeveloper,
    query = '',
    lastEventId?: string,
    url = developer.api.url,
  ): Promise<StreamClient> {
    const stopping = new AbortController();
    const response = await fetch(`${url}/v1/stream${query}`, {
      headers: {
        authorization: `Bearer ${developer.token}`,
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      signal: stopping.signal,
    });
    const client = new StreamClient(response, response.body!.getReader(), stopping);
    if (response.status === 200) await client.part();
    return client;
  }

  async next(): Promise<StreamEvent> {
    let lines: string[] = [];
    while (lines.length < 3) lines = (await this.part()).split('\n');
    const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))!.slice(name.length + 2);
    return { id: field('id'), event: field('event'), data: JSON.parse(field('data')) };
  }

  /** What stands between two empty lines. Rejects at the end. */
  async part(): Promise<string> {
    for (;;) {
      const end = this.text.indexOf('\n\n');
      if (end >= 0) {
        const part = this.text.slice(0, end);
        this.text = this.text.slice(end + 2);
        return part;
      }
      const { value, done } = await this.reader.read();
      if (done) throw new Error('the stream ended');
      this.text += Buffer.from(value).toString('utf8');
    }
  }

  stop(): void {
    this.stopping.abort();
  }
}

let api: TestApi;
let developer: ApiDeveloper;
let clients: StreamClient[] = [];

beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());
beforeEach(async () => {
  for (const client of clients) client.stop();
  clients = [];
  developer = await api.developer();
});

async function open(query = '', lastEventId?: string): Promise<StreamClient> {
  const client = await StreamClient.open(developer, query, lastEventId);
  clients.push(client);
  return client;
}

/** A place before everything that follows, as a client has it that was told of an event. */
async function place(): Promise<string> {
  const { id } = await write({ type: 'webhook.created' });
  await transactionsOver(api.database);
  const { rows } = await api.database.pool.query<{ xid: string }>('select xid from events where id = $1', [id]);
  return `${rows[0]!.xid}.e.${id}`;
}

const write = (given: Partial<EventRowFields> = {}) =>
  addEvent(api.database.pool, { license: developer.license, ...given });

test('what happens comes as in the lists, under its name', async () => {
  const stream = await open('', await place());
  expect(Object.fromEntries(stream.response.headers)).toMatchObject({
    ...{ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  });
  const event = await write({ vehicle: vehicle(1) });
  const fired = await stream.next();
  expect(fired).toMatchObject({ event: 'trigger.fired', data: { id: event.id, vehicle: vehicle(1) } });
  expect((await developer.call('GET', `/v1/events/${event.id}`)).body).toEqual(fired.data);
  const { id } = await addSettled(api.database.pool, 'failed', { event });
  const failed = await stream.next();
  expect([failed.event, failed.id]).toEqual(['delivery.failed', expect.stringContaining(`.d.${id}`)]);
  expect((await developer.call('GET', '/v1/deliveries')).body.data[0]).toEqual(failed.data);
});

test('a client that comes back goes on behind what it had', async () => {
  const first = await open('', await place());
  const ids: string[] = [];
  for (let n = 0; n < 4; n++) ids.push((await write()).id);
  await first.next();
  const second = await first.next();
  first.stop();
  const again = await open('', second.id);
  expect([(await again.next()).data.id, (await again.next()).data.id]).toEqual(ids.slice(2));
});

test('a stream can be narrowed by type, webhook and vehicle', async () => {
  const webhookId = randomUUID();
  const start = await place();
  const mine = { triggerId: webhookId, vehicle: vehicle(5) };
  await write({ ...mine, type: 'webhook.failing' });
  await write({ ...mine, vehicle: vehicle(6) });
  await write({ ...mine, triggerId: randomUUID() });
  const { event } = await addSettled(api.database.pool, 'held', { event: await write(mine) });
  await addSettled(api.database.pool, 'delivered', { event });
  const query = `?type=trigger.*,delivery.delivered&webhookId=${webhookId}&vehicle=${vehicle(5)}`;
  const stream = await open(query, start);
  expect([(await stream.next()).data.id, (await stream.next()).event]).toEqual([event.id, 'delivery.delivered']);
});

test.each([
  ['?type=delivery.deliverd', undefined, 'type'],
  ['?webhookId=1', undefined, 'webhookId'],
  ['', 'x', 'Last-Event-ID'],
])('%s with the last id %s is refused before the stream begins', async (query, lastEventId, pointer) => {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const answer = await developer.call('GET', `/v1/stream${query}`, undefined, headers);
  expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, pointer]);
});

test('a license has ten streams, and another when one of them ends', async () => {
  for (let n = 0; n < 10; n++) await open();
  const refused = await developer.call('GET', '/v1/stream');
  expect([refused.status, refused.body.detail, refused.headers.get('retry-after')]).toEqual([
    ...[429, expect.stringContaining('10 streams'), expect.any(String)],
  ]);
  expect(refused.headers.get('ratelimit-policy')).toContain('"streams";q=10');
  expect(refused.headers.get('ratelimit')).toContain('"streams";r=0');
  clients[0]!.stop();
  let status = 429;
  while (status === 429) status = (await open()).response.status;
  expect(status).toBe(200);
});

test('a client that does not read is cut off, and others go on', async () => {
  let tell = () => {};
  const isCut = new Promise<void>((resolve) => (tell = resolve));
  const info = (fields: object) => 'path' in fields && fields.path === '/v1/stream' && tell();
  // Long enough for those who read, in the same process as the server and everything else.
  const streamTimes = { heartbeatMs: 10, stallMs: 1_000 };
  const slow = await TestApi.start({ streamTimes, log: { ...silentLog, info: (fields) => void info(fields) } });
  try {
    const someone = await slow.developer();
    const { port } = new URL(slow.url);
    const socket = connect(Number(port), '127.0.0.1');
    const cut = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const { id } = await addEvent(slow.database.pool, { license: someone.license });
    const { rows } = await slow.database.pool.query<{ xid: string }>('select xid from events where id = $1', [id]);
    socket.write(`GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${someone.token}\r\n`);
    socket.write(`Last-Event-ID: ${rows[0]!.xid}.e.${id}\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    const payload = JSON.stringify({ text: 'x'.repeat(100_000) });
    // More than the buffers of a loopback connection hold.
    for (let n = 0; n < 200; n++) await addEvent(slow.database.pool, { license: someone.license, payload });
    const others = await StreamClient.open(someone, '', `${rows[0]!.xid}.e.${id}`);
    for (let n = 0; n < 200; n++) await others.next();
    await isCut;
    socket.resume();
    await cut;
    others.stop();
  } finally {
    await slow.stop();
  }
});

test('a comment comes when nothing else does, and a stream ends when its token is no longer accepted', async () => {
  let isAccepted = true;
  const checked = await TestApi.start({
    tokens: {
      verify: () =>
        Promise.resolve(isAccepted ? { kind: 'ok', license: developer.license } : { kind: 'invalid', reason: 'old' }),
    } as never,
    streamTimes: { heartbeatMs: 10 },
  });
  try {
    const stream = await StreamClient.open(new ApiDeveloper(checked, developer.license, 'token'));
    expect([stream.response.status, await stream.part()]).toEqual([200, ': ']);
    isAccepted = false;
    await expect(
      (async () => {
        for (;;) await stream.part();
      })(),
    ).rejects.toThrow('ended');
  } finally {
    await checked.stop();
  }
});

async function end(stream: StreamClient): Promise<string[]> {
  const names: string[] = [];
  try {
    for (;;) names.push((await stream.next()).event);
  } catch {
    return names;
  }
}

test('the stream of an API key that is revoked ends with the news of it, and others go on', async () => {
  const caller = await developer.withKey();
  const start = await place();
  const own = await StreamClient.open(caller, '', start);
  const narrow = await StreamClient.open(caller, '?type=trigger.fired', start);
  const other = await open('?type=api_key.revoked,trigger.fired', start);
  const another = await developer.withKey();
  await developer.call('DELETE', `/v1/api-keys/${another.keyId}`);
  await developer.call('DELETE', `/v1/api-keys/${caller.keyId}`);
  await write();
  expect(await end(own)).toEqual(['api_key.created', 'api_key.revoked', 'api_key.revoked']);
  expect(await end(narrow)).toEqual([]);
  for (const name of ['api_key.revoked', 'api_key.revoked', 'trigger.fired']) {
    expect((await other.next()).event).toBe(name);
  }
});

/** What the stream of a key has to its end, at another server over the same database. */
async function streamBeside(caller: ApiDeveloper, replace: Partial<ApiParts>, opened: () => Promise<unknown>) {
  const feed = new LogFeed({ database: api.database, log: silentLog, intervalMs: 20 });
  const app = await createHttpApp(ApiModule.with({ ...api.parts, feed, ...replace }), { log: silentLog });
  try {
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    const stream = await StreamClient.open(caller, '', undefined, `http://127.0.0.1:${port}`);
    await opened();
    return await end(stream);
  } finally {
    await app.close();
  }
}

test('a key that is revoked while its stream begins has none', async () => {
  const caller = await developer.withKey();
  class LateFeed extends LogFeed {
    override async *follow(...given: Parameters<LogFeed['follow']>) {
      await developer.call('DELETE', `/v1/api-keys/${caller.keyId}`);
      yield* super.follow(...given);
    }
  }
  const feed = new LateFeed({ database: api.database, log: silentLog, intervalMs: 20 });
  expect(await streamBeside(caller, { feed }, () => Promise.resolve())).toEqual([]);
});

test('the stream of an API key that expires ends when it is looked at again', async () => {
  const caller = await developer.withKey();
  const expire = () => api.database.pool.query('update api_keys set expires_at = now() where id = $1', [caller.keyId]);
  expect(await streamBeside(caller, { streamTimes: { heartbeatMs: 10 } }, expire)).toEqual([]);
});

const ENDING: [string, () => Promise<ApiDeveloper>][] = [
  ['an API key', () => developer.withKey({ expiresAt: new Date(Date.now() + 1_000).toISOString() })],
  [
    'a token, and half a minute',
    async () => {
      const token = await api.issuer.issue({ license: developer.license, expiresIn: -28 });
      return new ApiDeveloper(api, developer.license, token);
    },
  ],
];

test.each(ENDING)('a stream ends with %s, without being looked at', async (_what, callerOf) => {
  const caller = await callerOf();
  const stream = await StreamClient.open(caller);
  clients.push(stream);
  expect(stream.response.status).toBe(200);
  await end(stream);
  expect((await caller.call('GET', '/v1/stream')).status).toBe(401);
});

test('the stream of a key that ends in thousands of years goes on', async () => {
  const caller = await developer.withKey({ expiresAt: '9999-01-01T00:00:00Z' });
  const stream = await StreamClient.open(caller);
  clients.push(stream);
  // A timer that is too long for Node fires after a millisecond.
  await new Promise((resolve) => setTimeout(resolve, 5));
  await write();
  expect((await stream.next()).event).toBe('trigger.fired');
});

test('a server that stops ends its streams', async () => {
  const stopping = await TestApi.start();
  const stream = await StreamClient.open(await stopping.developer());
  await stopping.stop();
  await expect(stream.part()).rejects.toThrow('ended');
});
