/** Tokens that somebody made up, tried at the door of the REST API: none opens it, and none makes us fetch anything. */
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { base64url, exportJWK, exportSPKI, importJWK, type CryptoKey } from 'jose';
import { createSigningKey, signToken, type SigningKey } from '../dev/signing-key.js';
import { TokenVerifier } from '../src/access/token-verifier.js';
import { silentLog } from '../src/observability/log.js';
import { ADMIN_TOKEN, TestApi, send, type ApiDeveloper } from './support/api.js';

const ELSE = `0x${'1'.repeat(40)}`;

let api: TestApi;
let developer: ApiDeveloper;
let forger: SigningKey;
let forgerEc: { privateKey: KeyObject; publicKey: KeyObject };
/** Serves the forger's keys to whoever asks; nobody should. */
let canary: Server;
let canaryUrl: string;
let fetched = 0;
let publicPem: string;

beforeAll(async () => {
  api = await TestApi.start();
  developer = await api.developer();
  forger = await createSigningKey('forged');
  forgerEc = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  canary = createServer((_request, response) => {
    fetched += 1;
    response.end(JSON.stringify({ keys: [forger.publicJwk] }));
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  canaryUrl = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/keys`;
  publicPem = await exportSPKI(
    (await importJWK(api.issuer.key.publicJwk, 'RS256', { extractable: true })) as CryptoKey,
  );
});

afterAll(async () => {
  await new Promise((resolve) => canary.close(resolve));
  await api.stop();
});

const nowSeconds = () => Math.floor(Date.now() / 1000);
const claims = () => ({ ethereum_address: developer.license, iat: nowSeconds(), exp: nowSeconds() + 3600 });
const part = (value: unknown) => base64url.encode(typeof value === 'string' ? value : JSON.stringify(value));
const genuineKid = () => api.issuer.key.kid;

/** A token of any header, signed by whatever makes bytes of bytes. */
function token(header: object | string, make: (text: Buffer) => Uint8Array | string, body: unknown = claims()): string {
  const text = `${part(header)}.${part(body)}`;
  const signature = make(Buffer.from(text));
  return `${text}.${typeof signature === 'string' ? signature : base64url.encode(signature)}`;
}

const unsigned = () => '';
const hmac = (hash: string, secret: string | Buffer) => (text: Buffer) =>
  createHmac(hash, secret).update(text).digest();
const byForgerEc = (text: Buffer) => sign('sha256', text, { key: forgerEc.privateKey, dsaEncoding: 'ieee-p1363' });
const byForger = (header: object) => signToken(forger, claims(), header);
const partsOf = (text: string) => text.split('.') as [string, string, string];
const genuine = (request: object = {}) => api.issuer.issue({ license: developer.license, ...request });

const ATTACKS: [string, () => string | Promise<string>][] = [
  ...['none', 'None', 'NONE', 'nOnE', '', 'HS256 '].map((alg): [string, () => string] => [
    `alg "${alg}" and no signature`,
    () => token({ alg, kid: genuineKid() }, unsigned),
  ]),
  ['no alg', () => token({ kid: genuineKid() }, unsigned)],
  ['an alg that is no text', () => token({ alg: ['RS256'], kid: genuineKid() }, unsigned)],
  [
    'alg none under a genuine signature',
    async () =>
      `${part({ alg: 'none' })}.${partsOf(await genuine())
        .slice(1)
        .join('.')}`,
  ],
  ...['256', '384', '512'].map((bits): [string, () => string] => [
    `HS${bits} with the public key as the secret`,
    () => token({ alg: `HS${bits}`, kid: genuineKid() }, hmac(`sha${bits}`, publicPem)),
  ]),
  [
    'HS256 with the JWK as the secret',
    () => token({ alg: 'HS256', kid: genuineKid() }, hmac('sha256', JSON.stringify(api.issuer.key.publicJwk))),
  ],
  ['HS256 with an empty secret', () => token({ alg: 'HS256', kid: genuineKid() }, hmac('sha256', ''))],
  ['RS256 whose signature is an HMAC', () => token({ alg: 'RS256', kid: genuineKid() }, hmac('sha256', publicPem))],
  ['ES256 under the name of an RSA key', () => token({ alg: 'ES256', kid: genuineKid() }, byForgerEc)],
  ['ES256 with a signature of zeros', () => token({ alg: 'ES256', kid: genuineKid() }, () => new Uint8Array(64))],
  ['RS256 with a signature of zeros', () => token({ alg: 'RS256', kid: genuineKid() }, () => new Uint8Array(256))],
  ['an empty signature', () => token({ alg: 'RS256', kid: genuineKid() }, unsigned)],
  [
    'PS256 said of a signature by RS256',
    async () => {
      const [, body, signature] = partsOf(await genuine());
      return `${part({ alg: 'PS256', kid: genuineKid() })}.${body}.${signature}`;
    },
  ],
  [
    'RS512 said of a signature by RS256',
    async () => {
      const [, body, signature] = partsOf(await genuine());
      return `${part({ alg: 'RS512', kid: genuineKid() })}.${body}.${signature}`;
    },
  ],
  ['a key of its own in the header', () => byForger({ kid: genuineKid(), jwk: forger.publicJwk })],
  ['a key of its own in the header, and no key id', () => byForger({ kid: undefined, jwk: forger.publicJwk })],
  [
    'an EC key of its own in the header',
    async () => {
      const jwk = await exportJWK(forgerEc.publicKey);
      return token({ alg: 'ES256', jwk }, byForgerEc);
    },
  ],
  ['a key set of its own, jku', () => byForger({ jku: canaryUrl })],
  ['a key set of its own, jku, under a known key id', () => byForger({ jku: canaryUrl, kid: genuineKid() })],
  ['a certificate of its own, x5u', () => byForger({ x5u: canaryUrl })],
  ['a certificate of its own, x5c', () => byForger({ x5c: ['MIIB'], kid: genuineKid() })],
  ['an issuer of its own', async () => signToken(forger, { ...claims(), iss: canaryUrl }, { kid: genuineKid() })],
  ['a key id that is an address', () => byForger({ kid: canaryUrl })],
  ['a key id that is a path', () => byForger({ kid: '../../../../dev/null' })],
  ['a key id that is SQL', () => byForger({ kid: "x' union select 'y" })],
  ['a key id of a prototype', () => byForger({ kid: '__proto__' })],
  ['a key id that is a list', () => token({ alg: 'RS256', kid: [genuineKid()] }, unsigned)],
  ['a known key id and an own key', () => byForger({ kid: genuineKid() })],
  ['no key id and an own key', () => byForger({ kid: undefined })],
  [
    'an extension that must be understood',
    async () => {
      const [, body, signature] = partsOf(await genuine());
      return `${part({ alg: 'RS256', kid: genuineKid(), crit: ['exp'], exp: 1 })}.${body}.${signature}`;
    },
  ],
  [
    'a payload that is said to be bare',
    () => token({ alg: 'RS256', kid: genuineKid(), crit: ['b64'], b64: false }, unsigned),
  ],
  [
    'other claims under a genuine signature',
    async () => {
      const [header, , signature] = partsOf(await genuine());
      return `${header}.${part({ ...claims(), ethereum_address: ELSE })}.${signature}`;
    },
  ],
  [
    'another header under a genuine signature',
    async () => {
      const [, body, signature] = partsOf(await genuine());
      return `${part({ alg: 'RS256', kid: genuineKid(), x: 1 })}.${body}.${signature}`;
    },
  ],
  [
    'a genuine signature of another token',
    async () => {
      const [header, body] = partsOf(await genuine({ claims: { jti: '1' } }));
      return `${header}.${body}.${partsOf(await genuine({ claims: { jti: '2' } }))[2]}`;
    },
  ],
  ['a genuine token that is cut', async () => (await genuine()).slice(0, -4)],
  ['a genuine token with a fourth part', async () => `${await genuine()}.e30`],
  ['an encrypted token', () => `${part({ alg: 'dir', enc: 'A256GCM' })}..${part('iv')}.${part('text')}.${part('tag')}`],
  [
    'JSON instead of a token',
    async () => {
      const [header, payload, signature] = partsOf(await genuine());
      return JSON.stringify({ protected: header, payload, signature });
    },
  ],
  ['a header with a member twice', () => token(`{"alg":"RS256","alg":"none","kid":"${genuineKid()}"}`, unsigned)],
  [
    'claims that are no object',
    () => api.issuer.issue({ claims: {} }).then((text) => `${partsOf(text)[0]}.${part('[]')}.x`),
  ],
  ['an end in the past', () => genuine({ expiresIn: -31 })],
  ['an end that is a text', () => genuine({ claims: { exp: '9999999999' } })],
  ['an end that is no number', () => genuine({ claims: { exp: null } })],
  ['a beginning that is to come', () => genuine({ claims: { nbf: nowSeconds() + 40 } })],
  ['a beginning that is a text', () => genuine({ claims: { nbf: '0' } })],
  ['no license', () => genuine({ license: undefined })],
  ['a list of licenses', () => genuine({ claims: { ethereum_address: [developer.license] } })],
  ['a license that is an object', () => genuine({ claims: { ethereum_address: { toString: developer.license } } })],
  ['the zero address', () => genuine({ license: `0x${'0'.repeat(40)}` })],
  ['a license with something behind it', () => genuine({ license: `${developer.license}0` })],
  ['a license in Cyrillic', () => genuine({ license: developer.license.replace('0x', '0х') })],
  ['8 KiB and one', () => 'x'.repeat(8193)],
  ["the operator's token", () => ADMIN_TOKEN],
];

test.each(ATTACKS)('%s does not open the API', async (_, attack) => {
  const text = await attack();
  const answer = await send(api.url, 'GET', '/v1/webhooks', { authorization: `Bearer ${text}` });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
  if (text.length > 40) expect(answer.text).not.toContain(text.slice(20, 40));
});

test.each<[string, string, Record<string, string>]>([
  ['the query', '?access_token=', {}],
  ['a cookie', '', { cookie: 'access_token=' }],
  ['another header', '', { 'x-authorization': 'Bearer ' }],
  ['the scheme of another', '', { authorization: 'Token ' }],
])('a genuine token in %s does not open it either', async (_, query, headers) => {
  const text = await genuine();
  const filled = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value + text]));
  const answer = await send(api.url, 'GET', `/v1/webhooks${query && query + text}`, filled);
  expect(answer.status).toBe(401);
});

test('none of it made us ask anybody but the issuer, and the issuer a few times at most', async () => {
  expect(fetched).toBe(0);
  expect(api.issuer.requests).toBeLessThanOrEqual(3);
  expect((await developer.call('GET', '/v1/webhooks')).status).toBe(200);
});

test.each([
  [29, true],
  [31, false],
])('clocks may differ by %i s at an end and at a beginning: %s', async (seconds, isLetIn) => {
  const nowMs = Math.floor(Date.now() / 1000) * 1000;
  const verifier = new TokenVerifier({ jwksUrl: api.issuer.jwksUrl, log: silentLog, now: () => nowMs });
  const exp = nowMs / 1000 - seconds;
  const checks = [{ exp }, { exp: exp + 3600, nbf: nowMs / 1000 + seconds }].map(async (claims) =>
    verifier.verify(await genuine({ claims })),
  );
  expect((await Promise.all(checks)).map(({ kind }) => kind === 'ok')).toEqual([isLetIn, isLetIn]);
});
