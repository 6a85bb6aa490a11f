import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { followStream } from './index.js';
import type { ConnectionState, StreamEntry, StreamOptions } from './index.js';

interface Visit {
  url: string;
  headers: IncomingHttpHeaders;
}

/** What the server does at each connection, in turn; the last one again and again. */
let turns: ((response: ServerResponse) => void)[];
let visits: Visit[];
let states: ConnectionState[];
let stopping: AbortController;
let server: Server;
let baseUrl: string;

beforeEach(async () => {
  [turns, visits, states, stopping] = [[], [], [], new AbortController()];
  server = createServer((request, response) => {
    visits.push({ url: request.url!, headers: request.headers });
    const turn = turns.length > 1 ? turns.shift()! : turns[0]!;
    turn(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  stopping.abort();
  server.closeAllConnections();
  server.close();
});

const begin = (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 50\n\n');
const logEvent = (n: number, name = 'trigger.fired') =>
  `id: ${n}.e.x\nevent: ${name}\ndata: {"id":"${n}","type":"${name}","time":"2026-01-01T00:00:00Z","data":{}}\n\n`;
const delivery = (n: number) => `id: ${n}.d.x\nevent: delivery.failed\ndata: {"id":"${n}","status":"failed"}\n\n`;

/** A connection on which these come, and that ends then. */
const sends =
  (...texts: string[]) =>
  (response: ServerResponse) => {
    begin(response);
    for (const text of texts) response.write(text);
    response.end();
  };
/** One on which these come, and nothing more. */
const staysSilentAfter =
  (...texts: string[]) =>
  (response: ServerResponse) => {
    begin(response);
    for (const text of texts) response.write(text);
  };
const answers =
  (status: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response
      .writeHead(status, { 'content-type': 'application/problem+json', ...headers })
      .end(JSON.stringify({ status, detail: `Refused with ${status}.` }));

function follow(options: StreamOptions = {}, token: string | (() => string) = 'x') {
  return followStream(
    { baseUrl, token },
    { signal: stopping.signal, onConnection: (state) => void states.push(state), ...options },
  );
}

async function take(stream: AsyncIterable<StreamEntry>, count: number): Promise<StreamEntry[]> {
  const entries: StreamEntry[] = [];
  for await (const entry of stream) {
    entries.push(entry);
    if (entries.length === count) break;
  }
  return entries;
}

test('events and deliveries are told apart, even where they have one name', async () => {
  turns = [sends(logEvent(1), logEvent(2, 'delivery.failed'), ': \n\n', delivery(3))];
  expect(await take(follow(), 3)).toEqual([
    { id: '1.e.x', name: 'trigger.fired', kind: 'event', event: expect.objectContaining({ id: '1' }) },
    { id: '2.e.x', name: 'delivery.failed', kind: 'event', event: expect.objectContaining({ id: '2' }) },
    { id: '3.d.x', name: 'delivery.failed', kind: 'delivery', delivery: { id: '3', status: 'failed' } },
  ]);
});

test('the request carries token, filter and place', async () => {
  turns = [sends(logEvent(1))];
  const filter = { type: 'trigger.*,delivery.failed', vehicle: 'did:erc721:137:0xb:1' };
  await take(follow({ filter, lastEventId: '7.e.y' }), 1);
  expect(visits[0]!.headers).toMatchObject({ authorization: 'Bearer x', 'last-event-id': '7.e.y' });
  const { pathname, searchParams } = new URL(visits[0]!.url, baseUrl);
  expect([pathname, Object.fromEntries(searchParams)]).toEqual(['/v1/stream', filter]);
});

test('after a break it goes on behind the last entry, with the token of then', async () => {
  turns = [sends(logEvent(1), logEvent(2)), (response) => void response.destroy(), sends(logEvent(3))];
  const tokens = ['a', 'b', 'c'];
  const entries = await take(
    follow({}, () => tokens.shift()!),
    3,
  );
  expect(entries.map(({ id }) => id)).toEqual(['1.e.x', '2.e.x', '3.e.x']);
  expect(visits.map(({ headers }) => [headers.authorization, headers['last-event-id']])).toEqual([
    ['Bearer a', undefined],
    ['Bearer b', '2.e.x'],
    ['Bearer c', '2.e.x'],
  ]);
  expect(states.map(({ kind }) => kind)).toEqual(['connected', 'reconnecting', 'reconnecting', 'connected']);
});

test('a character that is cut in two by the network is put together', async () => {
  const bytes = Buffer.from(delivery(1).replace('failed"}', 'failed","lastError":"größer"}'));
  const middle = bytes.indexOf(0xc3) + 1;
  turns = [
    (response) => {
      begin(response);
      response.write(bytes.subarray(0, middle));
      setTimeout(() => response.end(bytes.subarray(middle)), 20);
    },
  ];
  expect(await take(follow(), 1)).toMatchObject([{ delivery: { lastError: 'größer' } }]);
});

test('the wait is what the server asks for, doubles with each failure, and ends with the first success', async () => {
  turns = [sends(), answers(503), answers(502), answers(500), sends(logEvent(1)), sends(logEvent(2))];
  await take(follow(), 2);
  const waits = states.flatMap((state) => (state.kind === 'reconnecting' ? [state.waitMs] : []));
  const bounds = [50, 100, 200, 400, 50];
  expect(waits.length).toBe(bounds.length);
  for (const [index, mostMs] of bounds.entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(mostMs / 2);
    expect(waits[index]).toBeLessThanOrEqual(mostMs);
  }
});

test('too many streams are waited for as long as the answer asks', async () => {
  turns = [sends(), answers(429, { 'retry-after': '1' }), sends(logEvent(1))];
  await take(follow(), 1);
  expect(states[2]).toMatchObject({ kind: 'reconnecting', waitMs: 1_000, cause: { status: 429 } });
});

test.each([400, 401, 403, 404])('an answer of %i ends it with the problem', async (status) => {
  turns = [sends(logEvent(1)), answers(status)];
  await expect(take(follow(), 2)).rejects.toMatchObject({
    name: 'Problem',
    status,
    message: `Refused with ${status}.`,
  });
  expect(visits.length).toBe(2);
});

test('a page that something in between answers with is no stream, and is tried again', async () => {
  const page = (response: ServerResponse) => void response.setHeader('content-type', 'text/html').end('<p>');
  turns = [sends(), page, sends(logEvent(1))];
  expect((await take(follow(), 1)).length).toBe(1);
  expect(states[2]).toMatchObject({ kind: 'reconnecting', cause: { message: expect.stringContaining('text/html') } });
});

test.each([
  ['after its beginning', staysSilentAfter(logEvent(1)), logEvent(2), 2],
  ['before any answer', () => undefined, logEvent(1), 1],
])('a connection that is silent %s is taken for dead', async (_when, silent, next, count) => {
  turns = [sends(), silent, sends(next)];
  expect((await take(follow({ silenceMs: 100 }), count)).length).toBe(count);
  const causes = states.flatMap((state) => (state.kind === 'reconnecting' ? [state.cause] : []));
  expect(causes[1]).toMatchObject({ message: 'Nothing came on the stream for 100 ms.' });
});

test('heartbeats keep a connection, and so does whoever takes long over an entry', async () => {
  turns = [
    (response) => {
      begin(response);
      response.write(logEvent(1));
      const beat = setInterval(() => response.write(': \n\n'), 20);
      setTimeout(() => response.write(logEvent(2)), 300);
      response.once('close', () => clearInterval(beat));
    },
  ];
  for await (const { id } of follow({ silenceMs: 150 })) {
    if (id === '2.e.x') break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect(visits.length).toBe(1);
});

test('the signal ends it without an error, while it reads and while it waits', async () => {
  turns = [staysSilentAfter(logEvent(1))];
  let closed = () => {};
  const isClosed = new Promise<void>((resolve) => (closed = resolve));
  server.once('connection', (socket) => socket.once('close', closed));
  for await (const entry of follow()) if (entry.id === '1.e.x') setTimeout(() => stopping.abort(), 10);
  await isClosed;
  stopping = new AbortController();
  turns = [answers(503, { 'retry-after': '30' })];
  const onConnection = () => setTimeout(() => stopping.abort(), 10);
  expect(await take(follow({ onConnection, signal: stopping.signal }), 1)).toEqual([]);
});

test('a signal that has come already keeps it from connecting', async () => {
  stopping.abort();
  expect(await take(follow(), 1)).toEqual([]);
  expect(visits).toEqual([]);
});

test('whoever stops reading closes the connection', async () => {
  turns = [staysSilentAfter(logEvent(1))];
  const isClosed = new Promise<void>((resolve) => server.once('connection', (socket) => socket.once('close', resolve)));
  await take(follow(), 1);
  await isClosed;
});
