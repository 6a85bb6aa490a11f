/** Servers that use their answer as a weapon. Each is cut off at its cap, in bytes and in time, and leaves nothing open. */
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, type Authority, type Certificate } from '../../dev/certificates.js';
import { Canaries } from '../../test/support/hostile-network.js';
import { startHttpsTarget } from '../../test/support/https-target.js';
import { drip, flood, startTlsServer, type TlsServer } from '../../test/support/tls-server.js';
import { silentLog } from '../observability/log.js';
import { AddressGuard } from './address-guard.js';
import { TargetClient, type TargetAnswer } from './http-client.js';

/** Enough for whatever is cut off by size, on a slow machine too. */
const LONG_MS = 20_000;
const SHORT_MS = 100;
const MAX_BYTES = 1_000;
const OK = 'HTTP/1.1 200 OK\r\n';
const BOMB = gzipSync(Buffer.alloc(50_000_000));

let authority: Authority;
let certificate: Certificate;
const cleanups: (() => Promise<void>)[] = [];

beforeAll(async () => {
  authority = await createAuthority();
  certificate = await authority.issue(['127.0.0.1']);
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serverThat(...parameters: Parameters<typeof startTlsServer>): Promise<TlsServer> {
  const server = await startTlsServer(...parameters);
  cleanups.push(() => server.stop());
  return server;
}

function newClient(): TargetClient {
  const client = new TargetClient({
    guard: new AddressGuard({ allow: ['127.0.0.1'] }),
    timeoutMs: LONG_MS,
    connectionsPerOrigin: 10,
    ca: authority.caPem,
    log: silentLog,
  });
  cleanups.push(() => client.close());
  return client;
}

function post(client: TargetClient, server: TlsServer, timeoutMs: number): Promise<TargetAnswer> {
  return client.post({ url: server.url(), headers: {}, body: '{}', maxAnswerBytes: MAX_BYTES, timeoutMs });
}

function summary(answer: TargetAnswer): string {
  if (answer.kind === 'failed') return `${answer.reason} in ${answer.stage}`;
  return `${answer.statusCode}${answer.truncated ? ' truncated' : ''}, ${answer.body.length} bytes`;
}

type Row = [what: string, outcome: string, answer: (socket: Socket) => void];

/** However much time they are given, they end. */
const CUT_BY_SIZE: Row[] = [
  ['a body without end', '200 truncated, 1000 bytes', (socket) => flood(socket, `${OK}\r\n${'x'.repeat(1_000)}`)],
  [
    'chunks without end',
    '200 truncated, 1000 bytes',
    (socket) => {
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\n`);
      flood(socket, '1\r\nx\r\n');
    },
  ],
  [
    'a body that drips without end',
    '200 truncated, 1000 bytes',
    (socket) => {
      socket.write(`${OK}\r\n`);
      drip(socket, 'x'.repeat(50), 1);
    },
  ],
  [
    'a huge length, and all of it',
    '200 truncated, 1000 bytes',
    (socket) => {
      socket.write(`${OK}content-length: 999999999999\r\n\r\n`);
      flood(socket, 'x'.repeat(1_000));
    },
  ],
  [
    'fifty megabytes in a few bytes of gzip',
    '200 truncated, 1000 bytes',
    (socket) => {
      socket.write(`${OK}content-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`);
      socket.write(BOMB);
    },
  ],
  ['a status line without end', 'connection in answer', (socket) => flood(socket, 'HTTP/1.1 200 O'.padEnd(1_000, 'K'))],
  [
    'a header name without end',
    'connection in answer',
    (socket) => {
      socket.write(OK);
      flood(socket, 'x'.repeat(1_000));
    },
  ],
  [
    'a header value without end',
    'connection in answer',
    (socket) => {
      socket.write(`${OK}x-a: `);
      flood(socket, 'x'.repeat(1_000));
    },
  ],
  [
    'headers without end',
    'connection in answer',
    (socket) => {
      socket.write(OK);
      flood(socket, 'x-a: b\r\n');
    },
  ],
  [
    'chunk extensions without end',
    'body in body',
    (socket) => {
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\n1;`);
      flood(socket, 'x'.repeat(1_000));
    },
  ],
  [
    'trailers without end',
    'body in body',
    (socket) => {
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\n0\r\n`);
      flood(socket, 'x-a: b\r\n');
    },
  ],
  [
    'informational statuses without end',
    'connection in answer',
    (socket) => flood(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'),
  ],
  ['another protocol', 'connection in answer', (socket) => flood(socket, '220 mail.example ESMTP\r\n')],
];

/** They would go on; time ends them. */
const CUT_BY_TIME: Row[] = [
  ['nothing', 'timeout in answer', () => undefined],
  [
    'a status line that drips',
    'timeout in answer',
    (socket) => {
      socket.write('HTTP/1.1 200 ');
      drip(socket, 'O');
    },
  ],
  [
    'headers that drip',
    'timeout in answer',
    (socket) => {
      socket.write(OK);
      drip(socket, 'x-a: b\r\n');
    },
  ],
  [
    'informational statuses that drip',
    'timeout in answer',
    (socket) => drip(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n', 20),
  ],
  [
    'a body that drips',
    'timeout in body',
    (socket) => {
      socket.write(`${OK}\r\n`);
      drip(socket, 'x');
    },
  ],
  ['a body that stops', 'timeout in body', (socket) => socket.write(`${OK}content-length: 100\r\n\r\nx`)],
  ['a chunk that stops', 'timeout in body', (socket) => socket.write(`${OK}transfer-encoding: chunked\r\n\r\nff\r\nx`)],
  [
    'trailers that drip',
    'timeout in body',
    (socket) => {
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\n0\r\n`);
      drip(socket, 'x-a: b\r\n', 10);
    },
  ],
];

/** They end by themselves, and badly. */
const BROKEN: Row[] = [
  ['the end of the connection', 'connection in answer', (socket) => socket.end()],
  ['a reset', 'connection in answer', (socket) => socket.destroy()],
  ['half of the headers', 'connection in answer', (socket) => socket.end(`${OK}x-a: `)],
  ['half of the body', 'body in body', (socket) => socket.end(`${OK}content-length: 100\r\n\r\nx`)],
  ['half of the chunks', 'body in body', (socket) => socket.end(`${OK}transfer-encoding: chunked\r\n\r\nff\r\nx`)],
  [
    'another protocol instead',
    'connection in answer',
    (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  ],
  ['a length that is none', 'connection in answer', (socket) => socket.write(`${OK}content-length: -1\r\n\r\n`)],
  [
    'two lengths',
    'connection in answer',
    (socket) => socket.write(`${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nxx`),
  ],
  [
    'a length and chunks',
    'connection in answer',
    (socket) => socket.write(`${OK}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\nx`),
  ],
  [
    'a chunk of more bytes than there are numbers',
    'body in body',
    (socket) => socket.write(`${OK}transfer-encoding: chunked\r\n\r\n${'f'.repeat(17)}\r\nx`),
  ],
  ['a header that folds', 'connection in answer', (socket) => socket.write(`${OK}x-a: b\r\n c\u0000\r\n\r\n`)],
];

describe('however long it may take, it is cut off by size:', () => {
  test.each(CUT_BY_SIZE)('%s', async (_what, outcome, answer) => {
    const server = await serverThat(certificate, answer);
    expect(summary(await post(newClient(), server, LONG_MS))).toBe(outcome);
    while (server.open() > 0) await new Promise(setImmediate);
  });
});

describe('however little it sends, it is cut off by time:', () => {
  test.each(CUT_BY_TIME)('%s', async (_what, outcome, answer) => {
    const server = await serverThat(certificate, answer);
    expect(summary(await post(newClient(), server, SHORT_MS))).toBe(outcome);
    while (server.open() > 0) await new Promise(setImmediate);
  });
});

describe('what breaks is a failure at once:', () => {
  test.each(BROKEN)('%s', async (_what, outcome, answer) => {
    const server = await serverThat(certificate, answer);
    expect(summary(await post(newClient(), server, LONG_MS))).toBe(outcome);
    while (server.open() > 0) await new Promise(setImmediate);
  });
});

describe('what TLS does not vouch for gets no request:', () => {
  test.each<[string, () => Promise<Certificate>, object?]>([
    ['another name', () => authority.issue(['127.0.0.2', 'localhost'])],
    ['a wildcard that is no address', () => authority.issue(['*.0.0.1'])],
    ['a certificate that has expired', () => authority.issue(['127.0.0.1'], new Date(Date.now() - 60_000))],
    ['an unknown authority', async () => (await createAuthority()).issue(['127.0.0.1'])],
    ['an old version', () => authority.issue(['127.0.0.1']), { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }],
    ['another protocol', () => authority.issue(['127.0.0.1']), { ALPNProtocols: ['h2'] }],
  ])('%s', async (_what, certify, options = {}) => {
    let requests = 0;
    const server = await serverThat(await certify(), () => requests++, options);
    expect(summary(await post(newClient(), server, LONG_MS))).toBe('tls in connect');
    expect(requests).toBe(0);
    while (server.open() > 0) await new Promise(setImmediate);
  });
});

test.each([
  ...[301, 302, 303, 307, 308].map((status) => [`HTTP/1.1 ${status} Moved\r\nlocation: `, status] as const),
  ['HTTP/1.1 200 OK\r\nrefresh: 0; url=', 200] as const,
  ['HTTP/1.1 201 Created\r\nlocation: ', 201] as const,
  ['HTTP/1.1 305 Use Proxy\r\nlocation: ', 305] as const,
])('nobody is sent anywhere by %j', async (head, status) => {
  const canaries = await Canaries.start();
  cleanups.push(() => Promise.resolve(canaries.stop()));
  const server = await serverThat(certificate, (socket) =>
    socket.write(
      `${head}https://127.0.0.1:${canaries.port}/\r\nalt-svc: h2=":${canaries.port}"\r\ncontent-length: 0\r\n\r\n`,
    ),
  );
  expect(await post(newClient(), server, LONG_MS)).toMatchObject({ statusCode: status });
  expect([server.connections(), canaries.connections]).toEqual([1, []]);
});

test('an answer too many is not taken for that of the next request', async () => {
  let count = 0;
  const one = (text: string) => `${OK}content-length: 1\r\n\r\n${text}`;
  const server = await serverThat(certificate, (socket) => socket.write(one(String(++count)) + one('x') + one('y')));
  const client = newClient();
  for (let turn = 1; turn <= 3; turn++) {
    const answer = await post(client, server, LONG_MS);
    expect(answer.kind === 'answered' && answer.body.toString()).toBe(String(turn));
    while (server.open() > 0) await new Promise(setImmediate);
  }
});

test('two hundred of them leave no connection and no timer behind', async () => {
  const rows = [...CUT_BY_SIZE, ...CUT_BY_TIME, ...BROKEN];
  let turn = 0;
  const server = await serverThat(certificate, (socket) => rows[turn++ % rows.length]![2](socket));
  const client = newClient();
  const held = () => process.getActiveResourcesInfo().filter((name) => /TCPSOCKET|TLS|Timeout/i.test(name)).length;
  const before = held();
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(client, server, SHORT_MS)));
    expect(answers).toHaveLength(10);
  }
  while (server.open() > 0) await new Promise(setImmediate);
  await client.close();
  expect(held()).toBeLessThanOrEqual(before);
});

test('a connection that is kept may bring many answers', async () => {
  const body = 'x'.repeat(MAX_BYTES);
  const server = await startHttpsTarget(authority, (_request, response) => response.end(body));
  cleanups.push(() => server.stop());
  const client = newClient();
  const padded = { headers: { 'x-padding': 'y'.repeat(100) }, body: '{}', maxAnswerBytes: MAX_BYTES };
  for (let turn = 0; turn < 1_000; turn++) {
    const answer = await client.post({ url: server.url(), ...padded });
    if (answer.kind === 'failed') throw new Error(answer.message);
  }
  expect(server.connections()).toBeLessThanOrEqual(3);
});
