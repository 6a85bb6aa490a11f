import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createAuthority, type Authority } from '../../dev/certificates.js';
import { silentLog } from '../observability/log.js';
import { RecordingDial } from '../../test/support/hostile-network.js';
import { startHttpsTarget, type HttpsTargetOptions } from '../../test/support/https-target.js';
import { AddressGuard } from './address-guard.js';
import type { Dial } from './guarded-connector.js';
import { TargetClient, type TargetAnswer, type TargetClientOptions } from './http-client.js';

let authority: Authority;
const cleanups: (() => Promise<void>)[] = [];

beforeAll(async () => {
  authority = await createAuthority();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function target(handler: RequestListener, options?: HttpsTargetOptions) {
  const server = await startHttpsTarget(authority, handler, options);
  cleanups.push(() => server.stop());
  return server;
}

async function tcpTarget(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createTcpServer(onConnection);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  cleanups.push(async () => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

/** A client that may reach the given addresses, and no other. */
function clientFor(allow: string[], options: Partial<TargetClientOptions> = {}): TargetClient {
  const client = new TargetClient({
    guard: new AddressGuard({ allow }),
    timeoutMs: 5_000,
    connectionsPerOrigin: 4,
    ca: authority.caPem,
    resolve: () => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' })),
    // A guard that fails sends nothing to anybody.
    dial: new RecordingDial().dial,
    log: silentLog,
    ...options,
  });
  cleanups.push(() => client.close());
  return client;
}

function post(client: TargetClient, url: string, more: Partial<Parameters<TargetClient['post']>[0]> = {}) {
  return client.post({ url, headers: {}, body: '{}', maxAnswerBytes: 1_000, ...more });
}

/** What matters of an answer, in one line. */
function summary(answer: TargetAnswer): string {
  if (answer.kind === 'failed') return `${answer.reason} in ${answer.stage}: ${answer.message}`;
  return `${answer.statusCode}${answer.truncated ? ' truncated' : ''} ${answer.body.toString()}`;
}

describe('a request arrives as it was given', () => {
  test('method, path with query, headers and body, and who asks', async () => {
    const seen: unknown[] = [];
    const server = await target((request, response) => {
      seen.push(request.method, request.url, request.headers, text(request));
      response.end('thanks');
    });
    const client = clientFor(['127.0.0.1']);
    const answer = await post(client, server.url('/hook?a=%20b#part'), { headers: { 'X-One': 'two' }, body: 'ünï' });
    expect(summary(answer)).toBe('200 thanks');
    expect(await Promise.all(seen)).toEqual([
      'POST',
      '/hook?a=%20b',
      expect.objectContaining({
        'x-one': 'two',
        host: `127.0.0.1:${server.port}`,
        'user-agent': expect.stringMatching(/^Tripline\/\d+\.\d+\.\d+/),
        'accept-encoding': 'identity',
        'content-length': '5',
      }),
      'ünï',
    ]);
  });

  test('the first on a connection waits for no acknowledgement of the handshake before it', async () => {
    const server = await target((_request, response) => response.end('thanks'));
    const calls: unknown[][] = [];
    const dial: Dial = (options) => {
      const socket = new RecordingDial().dial(options);
      jest.spyOn(socket, 'setNoDelay').mockImplementation((...given) => {
        calls.push([socket.connecting, ...given]);
        return socket;
      });
      return socket;
    };
    expect(summary(await post(clientFor(['127.0.0.1'], { dial }), server.url()))).toBe('200 thanks');
    expect(calls).toEqual([[true, true]]);
  });

  test("the caller's header wins over the client's, whatever its case", async () => {
    const server = await target((request, response) => response.end(request.headers['user-agent']));
    const answer = await post(clientFor(['127.0.0.1']), server.url(), { headers: { 'USER-agent': 'Other/1' } });
    expect(summary(answer)).toBe('200 Other/1');
  });

  test("the answer's headers have lower-case names, several values joined", async () => {
    const server = await target((_request, response) => {
      response.setHeader('Retry-After', '7');
      response.setHeader('X-Many', ['a', 'b']);
      response.writeHead(429).end();
    });
    const answer = await post(clientFor(['127.0.0.1']), server.url());
    expect(answer).toMatchObject({ statusCode: 429, headers: { 'retry-after': '7', 'x-many': 'a, b' } });
  });

  test('informational statuses are not the answer', async () => {
    const server = await target((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end('final');
    });
    expect(summary(await post(clientFor(['127.0.0.1']), server.url()))).toBe('200 final');
  });
});

describe('the address checked is the address connected to', () => {
  /** Resolves a name to one list after the other and counts how often it was asked. */
  function resolving(...answers: string[][]) {
    const asked: string[] = [];
    const resolve = (hostname: string) => {
      asked.push(hostname);
      return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1]!);
    };
    return { asked, resolve };
  }

  test('a name that would lead elsewhere the second time is resolved once', async () => {
    const handler: RequestListener = (request, response) => response.end((request.socket as TLSSocket).localAddress);
    const good = await target(handler, { hosts: ['rebind.example'] });
    const inner = await target(handler, { hosts: ['rebind.example'], address: '127.0.0.2', port: good.port });
    const names = resolving(['127.0.0.1'], ['127.0.0.2']);
    const client = clientFor([`127.0.0.1:${good.port}`], names);
    expect(summary(await post(client, good.url('/', 'rebind.example')))).toBe('200 127.0.0.1');
    expect(names.asked).toEqual(['rebind.example']);
    expect(inner.connections()).toBe(0);
  });

  test('it is judged anew for each new connection', async () => {
    const server = await target((_request, response) => response.setHeader('connection', 'close').end('once'), {
      hosts: ['rebind.example'],
    });
    const client = clientFor(['127.0.0.1'], resolving(['127.0.0.1'], ['127.0.0.2']));
    expect(summary(await post(client, server.url('/', 'rebind.example')))).toBe('200 once');
    expect(await post(client, server.url('/', 'rebind.example'))).toMatchObject({ reason: 'blocked' });
  });

  test.each([
    ['loopback', ['127.0.0.2']],
    ['one bad address among good ones', ['127.0.0.1', '10.0.0.1']],
    ['one bad address before good ones', ['169.254.169.254', '127.0.0.1']],
    ['a bad address far down the list', [...Array<string>(50).fill('127.0.0.1'), '192.168.0.1']],
    ['a mapped address', ['::ffff:10.0.0.1']],
    ['no address', []],
    ['what is no address', ['metadata.internal']],
  ])('a name that leads to %s is refused, and nothing is sent', async (_what, addresses) => {
    const server = await target((_request, response) => response.end(), { hosts: ['several.example'] });
    const client = clientFor(['127.0.0.1'], { resolve: () => Promise.resolve(addresses) });
    const answer = await post(client, server.url('/', 'several.example'));
    expect(summary(answer)).toBe(
      'blocked in connect: The target is no https URL of a public address, or its port is for another protocol.',
    );
    expect(server.connections()).toBe(0);
  });

  test.each(['https://127.0.0.1', 'https://0x7f000001', 'https://[::ffff:127.0.0.1]', 'https://localhost'])(
    'an address in the URL is judged like one of a name: %s',
    async (origin) => {
      const server = await target((_request, response) => response.end());
      const client = clientFor([`127.0.0.1:${server.port + 1}`], { resolve: undefined });
      expect(await post(client, `${origin}:${server.port}/`)).toMatchObject({ reason: 'blocked' });
      expect(server.connections()).toBe(0);
    },
  );

  test('localhost needs no name server', async () => {
    const server = await target((_request, response) => response.end('here'));
    const client = clientFor(['127.0.0.1'], { resolve: undefined });
    expect(summary(await post(client, server.url('/', 'localhost')))).toBe('200 here');
  });

  test('when the first address refuses, the next is tried', async () => {
    const server = await target((_request, response) => response.end('second'), { hosts: ['two.example'] });
    const client = clientFor(['127.0.0.0/8'], resolving(['127.0.0.9', '127.0.0.1']));
    expect(summary(await post(client, server.url('/', 'two.example')))).toBe('200 second');
  });

  test('a name that cannot be resolved fails with its code', async () => {
    const answer = await post(clientFor([]), 'https://gone.example/');
    expect(summary(answer)).toBe('dns in connect: The host name could not be resolved (ENOTFOUND).');
  });
});

describe('the certificate must be for the host in the URL', () => {
  test('the name is sent along, and checked', async () => {
    const server = await target(
      (request, response) => response.end((request.socket as TLSSocket & { servername: string }).servername),
      { hosts: ['named.example'] },
    );
    const client = clientFor(['127.0.0.1'], { resolve: () => Promise.resolve(['127.0.0.1']) });
    expect(summary(await post(client, server.url('/', 'named.example')))).toBe('200 named.example');
    expect(summary(await post(client, server.url('/', 'other.example')))).toBe(
      'tls in connect: The TLS handshake failed (ERR_TLS_CERT_ALTNAME_INVALID).',
    );
    expect(await post(client, server.url())).toMatchObject({ reason: 'tls' });
  });

  test('an unknown authority is refused, also with NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
    const server = await target((_request, response) => response.end());
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const answer = await post(clientFor(['127.0.0.1'], { ca: undefined }), server.url());
      expect(answer).toMatchObject({ reason: 'tls', stage: 'connect' });
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  test('a server without TLS is refused', async () => {
    const port = await tcpTarget((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    expect(await post(clientFor(['127.0.0.1']), `https://127.0.0.1:${port}/`)).toMatchObject({ reason: 'tls' });
  });
});

describe('what a target answers is bounded', () => {
  test.each([301, 302, 303, 307, 308])('a redirect is not followed: %d', async (status) => {
    const paths: unknown[] = [];
    const server = await target((request, response) => {
      paths.push(request.url);
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    expect(await post(clientFor(['127.0.0.1']), server.url('/first'))).toMatchObject({ statusCode: status });
    expect(paths).toEqual(['/first']);
  });

  test('an endless answer is cut off and its connection closed', async () => {
    const closed: Promise<unknown>[] = [];
    const server = await target((request, response) => {
      closed.push(once(request.socket, 'close'));
      const more = () => void (response.write('x'.repeat(1_000)) ? setImmediate(more) : response.once('drain', more));
      more();
    });
    const answer = await post(clientFor(['127.0.0.1']), server.url(), { maxAnswerBytes: 5_000 });
    expect(summary(answer)).toBe(`200 truncated ${'x'.repeat(5_000)}`);
    await Promise.all(closed);
  });

  test.each([
    [999, '200 '],
    [1_000, '200 '],
    [1_001, '200 truncated '],
  ])('of %d bytes, 1000 are read', async (size, start) => {
    const server = await target((_request, response) => response.end('y'.repeat(size)));
    const answer = await post(clientFor(['127.0.0.1']), server.url());
    expect(summary(answer)).toBe(start + 'y'.repeat(Math.min(size, 1_000)));
  });

  test('a gzip bomb stays as small as it came', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const server = await target((_request, response) => response.setHeader('content-encoding', 'gzip').end(bomb));
    const answer = await post(clientFor(['127.0.0.1']), server.url(), { maxAnswerBytes: 100_000 });
    expect(answer.kind === 'answered' && answer.body.equals(bomb)).toBe(true);
  });

  test('headers without end are refused', async () => {
    const server = await target((_request, response) => response.setHeader('x-big', 'z'.repeat(100_000)).end());
    expect(await post(clientFor(['127.0.0.1']), server.url())).toMatchObject({ kind: 'failed', reason: 'connection' });
  });
});

describe('one time limit covers everything', () => {
  const SHORT = { timeoutMs: 150 };

  test('a name that nobody resolves', async () => {
    const client = clientFor(['127.0.0.1'], { ...SHORT, resolve: () => new Promise(() => undefined) });
    expect(summary(await post(client, 'https://slow.example/'))).toBe(
      'timeout in connect: No complete answer within 0.15 s.',
    );
  });

  test('a server that accepts and says nothing', async () => {
    const port = await tcpTarget(() => undefined);
    const answer = await post(clientFor(['127.0.0.1'], SHORT), `https://127.0.0.1:${port}/`);
    expect(answer).toMatchObject({ reason: 'timeout', stage: 'connect' });
  });

  test('a server that takes the request and does not answer', async () => {
    const server = await target(() => undefined);
    expect(await post(clientFor(['127.0.0.1'], SHORT), server.url())).toMatchObject({
      reason: 'timeout',
      stage: 'answer',
    });
  });

  test('an answer that drips', async () => {
    const server = await target((_request, response) => {
      const drip = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(drip));
    });
    expect(await post(clientFor(['127.0.0.1'], SHORT), server.url())).toMatchObject({
      reason: 'timeout',
      stage: 'body',
    });
  });

  test("a request's own limit goes before the client's", async () => {
    const server = await target(() => undefined);
    const answer = await post(clientFor(['127.0.0.1']), server.url(), SHORT);
    expect(answer).toMatchObject({ reason: 'timeout' });
  });

  test('waiting for a free connection counts', async () => {
    const server = await target(() => undefined);
    const client = clientFor(['127.0.0.1'], { ...SHORT, connectionsPerOrigin: 1 });
    const answers = await Promise.all([post(client, server.url()), post(client, server.url())]);
    expect(answers.map((answer) => answer.kind === 'failed' && answer.reason)).toEqual(['timeout', 'timeout']);
    expect(server.connections()).toBe(1);
  });
});

describe('what goes wrong is an answer, never an exception', () => {
  test('nobody listens', async () => {
    const answer = await post(clientFor(['127.0.0.1']), 'https://127.0.0.1:9/');
    expect(summary(answer)).toBe('connection in connect: The connection failed (ECONNREFUSED).');
  });

  test.each<[string, string, (response: ServerResponse) => void]>([
    ['the connection is closed instead of an answer', 'connection', (response) => response.socket!.destroy()],
    ['the answer is no HTTP', 'connection', (response) => response.socket!.end('SSH-2.0-OpenSSH_9.9\r\n')],
    [
      'the body breaks off',
      'body',
      (response) => {
        response.writeHead(200, { 'content-length': '100' }).write('part');
        setImmediate(() => response.socket!.destroy());
      },
    ],
  ])('%s', async (_what, reason, misbehave) => {
    const server = await target((_request, response) => misbehave(response));
    const answer = await post(clientFor(['127.0.0.1']), server.url());
    expect(answer).toMatchObject({ kind: 'failed', reason });
    expect(summary(answer)).not.toContain('SSH');
  });

  test('the connection is reset before TLS', async () => {
    const port = await tcpTarget((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const answer = await post(clientFor(['127.0.0.1']), `https://127.0.0.1:${port}/`);
    expect(summary(answer)).toBe('connection in connect: The connection failed (ECONNRESET).');
  });

  test.each([
    ['no URL', 'nonsense', {}, 'blocked'],
    ['another scheme', 'http://127.0.0.1/', {}, 'blocked'],
    ['credentials', 'https://a:b@127.0.0.1/', {}, 'blocked'],
    ['a header with a line end', 'https://127.0.0.1:9/', { 'x-a': 'b\r\nhost: c' }, 'connection'],
    ['a header without a name', 'https://127.0.0.1:9/', { '': 'b' }, 'connection'],
  ])('%s', async (_what, url, headers, reason) => {
    expect(await post(clientFor(['127.0.0.1']), url, { headers })).toMatchObject({ kind: 'failed', reason });
  });

  test('closing breaks off what is under way', async () => {
    const started: (() => void)[] = [];
    const arrived = new Promise<void>((resolve) => started.push(resolve));
    const server = await target(() => started[0]!());
    const port = await tcpTarget(() => undefined);
    const client = clientFor(['127.0.0.1']);
    const answers = [post(client, server.url()), post(client, `https://127.0.0.1:${port}/`)];
    await arrived;
    await client.close();
    expect((await Promise.all(answers)).map(({ kind }) => kind)).toEqual(['failed', 'failed']);
    expect(await post(client, server.url())).toMatchObject({ kind: 'failed', reason: 'connection' });
  });
});

describe('connections are kept', () => {
  test('requests one after the other share them', async () => {
    const server = await target((_request, response) => response.end('ok'));
    const client = clientFor(['127.0.0.1']);
    for (let turn = 0; turn < 5; turn++) await post(client, server.url());
    // A connection is used again from the next turn of the event loop on, so that two may take turns.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  test('requests at once have no more than the limit', async () => {
    const server = await target((_request, response) => response.end('ok'));
    const client = clientFor(['127.0.0.1'], { connectionsPerOrigin: 2 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(client, server.url())));
    expect(answers.map(summary)).toEqual(Array(10).fill('200 ok'));
    expect(server.connections()).toBe(2);
  });
});
