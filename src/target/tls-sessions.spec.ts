import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls, type SecureVersion, type TlsOptions } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAuthority, type Authority } from '../../dev/certificates.js';
import { EgressProxy } from '../../test/support/egress-proxy.js';
import { RecordingDial } from '../../test/support/hostile-network.js';
import { startHttpsTarget, type HttpsTarget, type HttpsTargetOptions } from '../../test/support/https-target.js';
import { TcpProxy } from '../../test/support/tcp-proxy.js';
import { silentLog } from '../observability/log.js';
import { AddressGuard } from './address-guard.js';
import type { Dial } from './guarded-connector.js';
import { TargetClient, type TargetClientOptions } from './http-client.js';
import { TlsSessions } from './tls-sessions.js';

const MINUTE_MS = 60_000;
const VERSIONS: SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];
const WRONG_NAME = 'tls in connect (ERR_TLS_CERT_ALTNAME_INVALID)';
/** Public, as far as the guard can tell; nothing is ever sent there. */
const PUBLIC = '93.184.215.14';

let authority: Authority;
let nowMs: number;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  authority = await createAuthority();
});

beforeEach(() => {
  nowMs = 0;
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type ShopOptions = HttpsTargetOptions & { by?: Authority };

/** A server with a certificate for `shop.example` that wants a connection for each request. */
async function target({ by = authority, ...options }: ShopOptions = {}) {
  const server = await startHttpsTarget(by, (_request, response) => response.setHeader('connection', 'close').end(), {
    hosts: ['shop.example'],
    ...options,
  });
  cleanups.push(() => server.stop());
  return server;
}

/** A server at the same port, instead of this one. */
async function replaced(server: HttpsTarget, options: ShopOptions = {}): Promise<HttpsTarget> {
  cleanups.splice(cleanups.length - 1);
  await server.stop();
  return target({ port: server.port, ...options });
}

/** A client for which all names are at loopback. */
function clientFor(options: Partial<TargetClientOptions> = {}): TargetClient {
  const client = new TargetClient({
    guard: new AddressGuard({ allow: ['127.0.0.0/8'] }),
    timeoutMs: 5_000,
    connectionsPerOrigin: 4,
    ca: authority.caPem,
    resolve: () => Promise.resolve(['127.0.0.1']),
    dial: new RecordingDial().dial,
    now: () => nowMs,
    log: silentLog,
    ...options,
  });
  cleanups.push(() => client.close());
  return client;
}

/** The status, or the reason and its code. */
async function post(client: TargetClient, url: string): Promise<string> {
  const answer = await client.post({ url, headers: {}, body: '{}', maxAnswerBytes: 1_000 });
  if (answer.kind === 'answered') return String(answer.statusCode);
  return `${answer.reason} in ${answer.stage} ${/\(.*\)/.exec(answer.message)?.[0] ?? ''}`.trim();
}

const shop = (server: { port: number }, host = 'shop.example') => `https://${host}:${server.port}/`;

/** Servers with the same keys resume each other's sessions, if they are asked to. */
function sharedKeys(): TlsOptions {
  return { ticketKeys: randomBytes(48) };
}

describe('a later connection to the same target resumes the session', () => {
  test.each(VERSIONS)('of %s', async (maxVersion) => {
    const server = await target({ tls: { maxVersion } });
    const client = clientFor();
    for (let turn = 0; turn < 4; turn++) expect(await post(client, shop(server))).toBe('200');
    expect([server.connections(), server.resumed()]).toEqual([4, 3]);
  });

  test.each(VERSIONS)('also where the first address does not answer (%s)', async (maxVersion) => {
    const server = await target({ tls: { maxVersion } });
    const client = clientFor({ resolve: () => Promise.resolve(['127.0.0.9', '127.0.0.1']) });
    for (let turn = 0; turn < 2; turn++) expect(await post(client, shop(server))).toBe('200');
    expect(server.resumed()).toBe(1);
  });

  test.each(['http', 'https'])('through a proxy, which is no target (%s)', async (scheme) => {
    const server = await target();
    const proxy = await EgressProxy.start(() => server.port, scheme === 'https' ? { authority } : {});
    cleanups.push(() => proxy.stop());
    const client = clientFor({ proxyUrl: proxy.url(), resolve: () => Promise.resolve([PUBLIC]) });
    for (let turn = 0; turn < 2; turn++) expect(await post(client, 'https://shop.example/')).toBe('200');
    expect(server.resumed()).toBe(1);
    expect(await post(client, 'https://other.example/')).toBe(WRONG_NAME);
    expect(server.resumed()).toBe(1);
  });
});

describe.each(VERSIONS)(
  'a session is for the name and port that its certificate was checked for (%s)',
  (maxVersion) => {
    test('another name of the same address and port is checked itself', async () => {
      const server = await target({ tls: { maxVersion } });
      const client = clientFor();
      expect(await post(client, shop(server))).toBe('200');
      expect(await post(client, shop(server, 'other.example'))).toBe(WRONG_NAME);
      expect(await post(client, shop(server, '127.0.0.1'))).toBe(WRONG_NAME);
      expect(server.resumed()).toBe(0);
    });

    test('another address, though its server has the same keys', async () => {
      const tls = { maxVersion, ...sharedKeys() };
      const server = await target({ hosts: ['127.0.0.1'], tls });
      const other = await target({ hosts: ['127.0.0.1'], address: '127.0.0.2', port: server.port, tls });
      const client = clientFor();
      expect(await post(client, server.url())).toBe('200');
      expect(await post(client, other.url())).toBe(WRONG_NAME);
      expect(other.resumed()).toBe(0);
    });

    test('another port of the same name, though its server has the same keys', async () => {
      const tls = { maxVersion, ...sharedKeys() };
      const server = await target({ tls });
      const other = await target({ hosts: ['other.example'], tls });
      const client = clientFor();
      expect(await post(client, shop(server))).toBe('200');
      expect(await post(client, shop(other))).toBe(WRONG_NAME);
      expect(other.resumed()).toBe(0);
    });
  },
);

describe('the certificate is looked at again', () => {
  /** Other servers than Node's renew the session with each connection that resumes it. */
  const renewing: Dial = (options) => {
    const socket = new RecordingDial().dial(options);
    const renew = () => void socket.emit('session', options.session);
    if (options.session) socket.once('secureConnect', () => setImmediate(renew));
    return socket;
  };

  test.each(VERSIONS)('five minutes after the last look, however often it was resumed (%s)', async (maxVersion) => {
    const server = await target({ tls: { maxVersion } });
    const client = clientFor({ dial: renewing });
    const resumedAfter = [];
    for (const minutes of [0, 2, 4, 4.9, 5, 6]) {
      nowMs = minutes * MINUTE_MS;
      const before = server.resumed();
      expect(await post(client, shop(server))).toBe('200');
      if (server.resumed() > before) resumedAfter.push(minutes);
    }
    expect(resumedAfter).toEqual([2, 4, 4.9, 6]);
  });

  test('when it was replaced by a bad one, by a server that goes on resuming', async () => {
    const tls = sharedKeys();
    const server = await target({ tls });
    const client = clientFor();
    expect(await post(client, shop(server))).toBe('200');
    await replaced(server, { by: await createAuthority(), tls });
    nowMs = 5 * MINUTE_MS - 1;
    expect(await post(client, shop(server))).toBe('200');
    nowMs = 5 * MINUTE_MS;
    expect(await post(client, shop(server))).toBe('tls in connect (UNABLE_TO_VERIFY_LEAF_SIGNATURE)');
  });

  test.each(VERSIONS)('when the server knows the session no longer (%s)', async (maxVersion) => {
    const server = await target({ tls: { maxVersion } });
    const client = clientFor();
    expect(await post(client, shop(server))).toBe('200');
    const next = await replaced(server, { tls: { maxVersion } });
    expect(await post(client, shop(server))).toBe('200');
    expect([next.connections(), next.resumed()]).toEqual([1, 0]);
    expect(await post(client, shop(server))).toBe('200');
    expect([next.connections(), next.resumed()]).toEqual([2, 1]);
  });

  describe.each(VERSIONS)('and refused where such a server has (%s)', (maxVersion) => {
    test.each<[string, () => ShopOptions | Promise<ShopOptions>, string]>([
      ['one for another name', () => ({ hosts: ['other.example'] }), WRONG_NAME],
      [
        "one of a stranger's authority",
        async () => ({ by: await createAuthority() }),
        'tls in connect (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
      ],
      [
        'one that has ended',
        () => ({ by: { ...authority, issue: (hosts) => authority.issue(hosts, new Date(Date.now() - 1_000)) } }),
        'tls in connect (CERT_HAS_EXPIRED)',
      ],
    ])('%s', async (_what, options, refusal) => {
      const server = await target({ tls: { maxVersion } });
      const client = clientFor();
      expect(await post(client, shop(server))).toBe('200');
      await replaced(server, { ...(await options()), tls: { maxVersion } });
      expect(await post(client, shop(server))).toBe(refusal);
    });
  });
});

describe('a server that cannot resume is not locked out', () => {
  /** A way to the server that does something else with the second connection, as soon as that has begun. */
  async function secondSpoiled(server: HttpsTarget, spoil: (socket: Socket) => void) {
    let connections = 0;
    const way = createServer((near) => {
      near.on('error', () => undefined);
      if (++connections === 2) return void near.once('data', () => spoil(near));
      const far = connect(server.port, '127.0.0.1').on('error', () => near.destroy());
      near.pipe(far).pipe(near);
    });
    way.listen(0, '127.0.0.1');
    await once(way, 'listening');
    cleanups.push(() => way.close());
    return { port: (way.address() as AddressInfo).port, connections: () => connections };
  }

  test.each<[string, (socket: Socket) => void]>([
    ['resets the connection', (socket) => socket.resetAndDestroy()],
    ['closes it', (socket) => socket.end()],
    ['answers with an alert', (socket) => socket.end(Buffer.from('15030300020228', 'hex'))],
  ])('one that %s where a session is offered is asked without, at once', async (_what, spoil) => {
    const server = await target();
    const way = await secondSpoiled(server, spoil);
    const client = clientFor();
    for (let turn = 0; turn < 2; turn++) expect(await post(client, shop(way))).toBe('200');
    expect([way.connections(), server.connections(), server.resumed()]).toEqual([3, 2, 0]);
  });

  test('after a failure the next connection makes a whole handshake', async () => {
    const server = await target();
    const way = await TcpProxy.start(server.port);
    cleanups.push(() => way.stop());
    const client = clientFor();
    expect(await post(client, shop(way))).toBe('200');
    way.cut();
    expect(await post(client, shop(way))).toBe('connection in connect (ECONNRESET)');
    way.heal();
    expect(await post(client, shop(way))).toBe('200');
    expect([server.connections(), server.resumed()]).toEqual([2, 0]);
  });

  test('a client that is closed meanwhile does not ask again', async () => {
    let arrive = () => undefined as void;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const way = await secondSpoiled(await target(), () => arrive());
    const client = clientFor();
    expect(await post(client, shop(way))).toBe('200');
    const waiting = post(client, shop(way));
    await arrived;
    await client.close();
    expect(await waiting).toMatch(/^connection in connect/);
    await new Promise(setImmediate);
    expect(way.connections()).toBe(2);
  });
});

test.each(VERSIONS)('nothing is kept of a connection whose certificate was not accepted (%s)', async (maxVersion) => {
  const server = await target({ by: await createAuthority(), tls: { maxVersion } });
  const sessions = new TlsSessions(() => nowMs);
  const socket = connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
  cleanups.push(() => socket.destroy());
  sessions.learn('shop.example:443', socket, undefined);
  await once(socket, 'session');
  expect(socket.authorized).toBe(false);
  expect(sessions.of('shop.example:443')).toBeUndefined();
});
