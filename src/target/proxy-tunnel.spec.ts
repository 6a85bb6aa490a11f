import type { TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, type Authority } from '../../dev/certificates.js';
import { EgressProxy, type ProxyBehaviour } from '../../test/support/egress-proxy.js';
import { startHttpsTarget, type HttpsTarget } from '../../test/support/https-target.js';
import { createLog } from '../observability/log.js';
import { AddressGuard } from './address-guard.js';
import { TargetClient, type TargetClientOptions } from './http-client.js';

const PASSWORD = 'the-p@ssword';
const CREDENTIALS = `operator:${encodeURIComponent(PASSWORD)}`;
/** Public, as far as the guard can tell; nothing is ever sent there. */
const PUBLIC = '93.184.215.14';
const OTHER_PUBLIC = '93.184.215.15';

let authority: Authority;
const cleanups: (() => Promise<void>)[] = [];
let logged: string[];

beforeAll(async () => {
  authority = await createAuthority();
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Answers with the name that TLS was asked for. */
async function target(hosts = ['shop.example']): Promise<HttpsTarget> {
  const server = await startHttpsTarget(
    authority,
    (request, response) => response.end(String((request.socket as TLSSocket & { servername: unknown }).servername)),
    { hosts },
  );
  cleanups.push(() => server.stop());
  return server;
}

async function proxyThat(behave: (authority: string) => ProxyBehaviour, options?: { authority: Authority }) {
  const proxy = await EgressProxy.start(behave, options);
  cleanups.push(() => proxy.stop());
  return proxy;
}

/** A client for which `shop.example` is at the given addresses, and that goes through the proxy. */
function clientThrough(
  proxyUrl: string,
  { addresses = [PUBLIC], ...options }: Partial<TargetClientOptions> & { addresses?: string[] } = {},
): TargetClient {
  logged = [];
  const client = new TargetClient({
    guard: new AddressGuard({ allow: [] }),
    timeoutMs: 5_000,
    connectionsPerOrigin: 4,
    ca: authority.caPem,
    resolve: () => Promise.resolve(addresses),
    proxyUrl,
    log: createLog('debug', undefined, { write: (line) => void logged.push(line) }),
    ...options,
  });
  cleanups.push(() => client.close());
  return client;
}

async function post(client: TargetClient, url = 'https://shop.example/hook'): Promise<string> {
  const answer = await client.post({ url, headers: {}, body: '{}', maxAnswerBytes: 1_000 });
  if (answer.kind === 'answered') return `${answer.statusCode} ${answer.body.toString()}`;
  return `${answer.reason} in ${answer.stage}: ${answer.message}`;
}

/** The log above debug: level and message. */
function warnings(): string[] {
  return logged
    .map((line) => JSON.parse(line) as { level: string; msg: string })
    .flatMap(({ level, msg }) => (level === 'debug' ? [] : [`${level}: ${msg}`]));
}

describe('a connection goes through the proxy', () => {
  test('which is told the judged address, while TLS is told the name and checks it', async () => {
    const server = await target();
    const proxy = await proxyThat(() => server.port);
    expect(await post(clientThrough(proxy.url()))).toBe('200 shop.example');
    expect(proxy.connects.map(({ authority: named }) => named)).toEqual([`${PUBLIC}:443`]);
    expect(proxy.connects[0]!.headers).toEqual({ host: `${PUBLIC}:443` });
  });

  test('a certificate for another name is refused', async () => {
    const server = await target(['other.example']);
    const proxy = await proxyThat(() => server.port);
    expect(await post(clientThrough(proxy.url()))).toBe(
      'tls in connect: The TLS handshake failed (ERR_TLS_CERT_ALTNAME_INVALID).',
    );
  });

  test.each([
    ['the address itself', PUBLIC, '200 false'],
    ['another', OTHER_PUBLIC, 'tls in connect: The TLS handshake failed (ERR_TLS_CERT_ALTNAME_INVALID).'],
    ['the machine', 'localhost', 'tls in connect: The TLS handshake failed (ERR_TLS_CERT_ALTNAME_INVALID).'],
  ])('where the URL names an address, a certificate for %s (%s): %s', async (_whose, host, expected) => {
    const server = await target([host]);
    const proxy = await proxyThat(() => server.port);
    expect(await post(clientThrough(proxy.url()), `https://${PUBLIC}/hook`)).toBe(expected);
  });

  test.each([
    ['https://shop.example:8443/', ['2606:4700::1111'], '[2606:4700::1111]:8443'],
    ['https://[2606:4700::1]/', [], '[2606:4700::1]:443'],
    [`https://${PUBLIC}:8443/`, [], `${PUBLIC}:8443`],
  ])('%s at %j is %s to it', async (url, addresses, named) => {
    const proxy = await proxyThat(() => ({ refuses: 502 }));
    await post(clientThrough(proxy.url(), { addresses }), url);
    expect(proxy.connects.map((one) => one.authority)).toEqual([named]);
  });

  test('its credentials are sent to it, decoded, and to nobody else', async () => {
    const seen: unknown[] = [];
    const server = await startHttpsTarget(
      authority,
      (request, response) => {
        seen.push(request.headers['proxy-authorization'], request.headers.authorization);
        response.end();
      },
      { hosts: ['shop.example'] },
    );
    cleanups.push(() => server.stop());
    const proxy = await proxyThat(() => server.port);
    await post(clientThrough(proxy.url(CREDENTIALS)));
    const expected = `Basic ${Buffer.from(`operator:${PASSWORD}`).toString('base64')}`;
    expect(proxy.connects.map(({ headers }) => headers['proxy-authorization'])).toEqual([expected]);
    expect(seen).toEqual([undefined, undefined]);
  });

  test('it may be reached over TLS', async () => {
    const server = await target();
    const proxy = await proxyThat(() => server.port, { authority });
    expect(await post(clientThrough(proxy.url()))).toBe('200 shop.example');
  });

  test('requests one after the other share a tunnel', async () => {
    const server = await target();
    const proxy = await proxyThat(() => server.port);
    const client = clientThrough(proxy.url());
    for (let turn = 0; turn < 5; turn++) expect(await post(client)).toBe('200 shop.example');
    expect(proxy.connects.length).toBeLessThanOrEqual(2);
  });

  test('when it does not get through to the first address, the next is tried', async () => {
    const server = await target();
    const proxy = await proxyThat((named) => (named.startsWith(OTHER_PUBLIC) ? server.port : { refuses: 502 }));
    const client = clientThrough(proxy.url(), { addresses: [PUBLIC, OTHER_PUBLIC] });
    expect(await post(client)).toBe('200 shop.example');
    expect(warnings()).toEqual([]);
  });
});

describe('the guard judges as without a proxy, and the proxy hears nothing of what is blocked', () => {
  test.each([
    ['https://shop.example/', ['10.0.0.1']],
    ['https://shop.example/', [PUBLIC, '127.0.0.1']],
    ['https://shop.example/', ['::ffff:169.254.169.254']],
    ['https://shop.example:25/', [PUBLIC]],
    ['https://127.0.0.1/', []],
    ['https://[::1]/', []],
    ['https://localhost/', ['127.0.0.1']],
    ['https://u:p@shop.example/', [PUBLIC]],
  ])('%s at %j', async (url, addresses) => {
    const proxy = await proxyThat(() => 'silent');
    expect(await post(clientThrough(proxy.url(), { addresses }), url)).toMatch(/^blocked in connect/);
    expect([proxy.connects, proxy.openConnections]).toEqual([[], 0]);
  });
});

describe('what is wrong with the proxy is told to the operator, not to whoever owns the target', () => {
  test.each<[string, ProxyBehaviour, string[]]>([
    ['wants other credentials', { refuses: 407 }, ['warn: the proxy to targets wants other credentials']],
    ['refuses', { refuses: 403 }, ['warn: the proxy to targets refuses']],
    ['does not get through', { refuses: 502 }, []],
    ['closes', 'closes', ['warn: the proxy to targets cannot be used']],
    ['speaks something else', { says: 'SSH-2.0-x\r\n\r\n' }, ['warn: the proxy to targets cannot be used']],
    [
      'speaks without end',
      { says: `HTTP/1.1 200 ${'x'.repeat(20_000)}` },
      ['warn: the proxy to targets cannot be used'],
    ],
    [
      'speaks for the target',
      { says: 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n' },
      ['warn: the proxy to targets cannot be used'],
    ],
  ])('it %s', async (_what, behaviour, expected) => {
    const proxy = await proxyThat(() => behaviour);
    expect(await post(clientThrough(proxy.url(CREDENTIALS)))).toBe(
      'connection in connect: The connection failed (EPROXY).',
    );
    expect(warnings()).toEqual(expected);
    expect(logged.join()).not.toMatch(/p@ssword|p%40ssword|Basic/);
  });

  test('nobody is there', async () => {
    const proxy = await EgressProxy.start(() => 'silent');
    const url = proxy.url(CREDENTIALS);
    await proxy.stop();
    expect(await post(clientThrough(url))).toBe('connection in connect: The connection failed (EPROXY).');
    expect(warnings()).toEqual(['warn: the proxy to targets cannot be used']);
    expect(logged.join()).not.toMatch(/p@ssword|p%40ssword|Basic/);
  });

  test('its certificate is not trusted', async () => {
    const proxy = await proxyThat(() => 'silent', { authority: await createAuthority() });
    expect(await post(clientThrough(proxy.url()))).toBe('connection in connect: The connection failed (EPROXY).');
    expect(proxy.connects).toEqual([]);
  });

  test('it says nothing', async () => {
    const proxy = await proxyThat(() => 'silent');
    const client = clientThrough(proxy.url(), { timeoutMs: 150 });
    expect(await post(client)).toBe('timeout in connect: No complete answer within 0.15 s.');
  });
});

describe('no connection is left behind', () => {
  test('by a hundred requests that failed', async () => {
    const behaviours: ProxyBehaviour[] = [{ refuses: 502 }, { refuses: 407 }, 'closes', { says: 'x\r\n\r\n' }];
    let turn = 0;
    const proxy = await proxyThat(() => behaviours[turn++ % behaviours.length]!);
    const client = clientThrough(proxy.url());
    for (let round = 0; round < 25; round++) await Promise.all(behaviours.map(() => post(client)));
    expect(proxy.connects).toHaveLength(100);
    while (proxy.openConnections > 0) await new Promise(setImmediate);
  });

  test.each(['http', 'https'])('by a client that is closed, whatever it was doing (%s)', async (scheme) => {
    const server = await target();
    const behave = (named: string) => (named.startsWith(PUBLIC) ? server.port : 'silent');
    const proxy = await proxyThat(behave, scheme === 'https' ? { authority } : undefined);
    const client = clientThrough(proxy.url());
    expect(await post(client)).toBe('200 shop.example');
    const waiting = post(client, `https://${OTHER_PUBLIC}/`);
    while (proxy.connects.length < 2) await new Promise(setImmediate);
    await client.close();
    expect(await waiting).toMatch(/^connection in connect/);
    while (proxy.openConnections > 0) await new Promise(setImmediate);
  });
});
