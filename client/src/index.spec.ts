import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createTripline, dataOf, Problem } from './index.js';

let server: Server | undefined;

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const named = ({ headers }: IncomingMessage, ...names: string[]) => names.map((name) => String(headers[name]));

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

test('a call carries the token as it is at the time, and gives what was answered', async () => {
  const seen: IncomingMessage[] = [];
  const baseUrl = await serve((request, response) => {
    seen.push(request);
    response.setHeader('content-type', 'application/json').end('{"license":"0x1","scopes":[]}');
  });
  const tokens = ['first', 'second'];
  const tripline = createTripline({ baseUrl: `${baseUrl}/`, token: () => tokens.shift()! });
  expect(await dataOf(tripline.GET('/v1/me'))).toEqual({ license: '0x1', scopes: [] });
  await tripline.GET('/v1/me');
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  expect(seen[0]!.url).toBe('/v1/me');
});

test('names in paths, queries, headers and bodies arrive as they were given', async () => {
  let line = '';
  let body = '';
  const baseUrl = await serve((request, response) => {
    line = [request.method, request.url, ...named(request, 'idempotency-key', 'content-type')].join(' ');
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  const tripline = createTripline({ baseUrl, token: 'x' });
  await tripline.GET('/v1/events', { params: { query: { type: 'webhook.*', limit: 5 } } });
  expect(line).toMatch(/^GET \/v1\/events\?type=webhook\.\*&limit=5 /);
  await tripline.POST('/v1/deliveries/{id}/resend', {
    params: { path: { id: 'a/b' }, header: { 'Idempotency-Key': 'once' } },
  });
  expect(line).toMatch(/^POST \/v1\/deliveries\/a%2Fb\/resend once /);
  await tripline.POST('/v1/conditions/check', {
    body: { service: 'telemetry.signals', metricName: 'speed', condition: 'value > 1' },
  });
  expect([line, JSON.parse(body)]).toEqual([
    'POST /v1/conditions/check undefined application/json',
    { service: 'telemetry.signals', metricName: 'speed', condition: 'value > 1' },
  ]);
});

test('an error is thrown as what the server says of it', async () => {
  const body = {
    ...{ type: 'urn:tripline:problem:quota-exceeded', title: 'Too Many Requests', status: 429, code: 429 },
    ...{ detail: 'The next minute begins in 7 s.', message: 'Quota exceeded', limit: 'requestsPerMinute', most: 10 },
  };
  const baseUrl = await serve((_request, response) => {
    response.writeHead(429, { 'content-type': 'application/problem+json', 'x-request-id': 'r-1', 'retry-after': '7' });
    response.end(JSON.stringify(body));
  });
  const error = await createTripline({ baseUrl, token: 'x' })
    .GET('/v1/webhooks')
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Problem);
  expect({ ...(error as Problem) }).toMatchObject({ status: 429, body, requestId: 'r-1', retryAfterMs: 7_000 });
  expect((error as Problem).message).toBe(body.detail);
});

test.each(['<html>Bad gateway</html>', '', '"no"', 'null', '{"error":"x"}'])(
  'an error that is not ours, such as %j, has its status all the same',
  async (text) => {
    const baseUrl = await serve((_request, response) => response.writeHead(502).end(text));
    const error = await createTripline({ baseUrl, token: 'x' })
      .GET('/v1/me')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      ...{ name: 'Problem', status: 502, message: expect.stringContaining('502 Bad Gateway') },
      body: { status: 502, title: 'Bad Gateway', type: 'about:blank' },
    });
  },
);

test('a server that is not there is no problem of the API', async () => {
  const baseUrl = await serve(() => undefined);
  await new Promise((resolve) => server!.close(resolve));
  const error = await createTripline({ baseUrl, token: 'x' })
    .GET('/v1/me')
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TypeError' });
});

test('a call can be given up', async () => {
  const stopping = new AbortController();
  const baseUrl = await serve(() => stopping.abort());
  const call = createTripline({ baseUrl, token: 'x' }).GET('/v1/me', { signal: stopping.signal });
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
});

test('a fetch of one’s own is asked instead of the platform’s', async () => {
  const fetch = (request: Request) => Promise.resolve(Response.json({ url: request.url }));
  const tripline = createTripline({ baseUrl: 'http://nowhere.invalid', token: 'x', fetch });
  expect(await dataOf(tripline.GET('/v1/me'))).toEqual({ url: 'http://nowhere.invalid/v1/me' });
});
