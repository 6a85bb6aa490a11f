import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { base64url, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { CryptoKey } from 'jose';
import { createSigningKey } from '../../dev/signing-key.js';
import { TokenIssuer } from '../../test/support/token-issuer.js';
import { createLog, silentLog } from '../observability/log.js';
import { TokenVerifier } from './token-verifier.js';
import type { TokenVerifierOptions } from './token-verifier.js';

const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';
const MINUTE_MS = 60_000;

let issuer: TokenIssuer;
let nowMs: number;

beforeEach(async () => {
  issuer = await TokenIssuer.start();
  nowMs = Date.now();
});

afterEach(() => issuer.stop());

function verifier(options: Partial<TokenVerifierOptions> = {}): TokenVerifier {
  return new TokenVerifier({
    jwksUrl: issuer.jwksUrl,
    log: silentLog,
    now: () => nowMs,
    keysNow: () => nowMs,
    ...options,
  });
}

function inSeconds(seconds: number): number {
  return Math.floor(nowMs / 1000) + seconds;
}

describe('a good token', () => {
  test.each([
    ['EIP-55', LICENSE],
    ['lower case', LICENSE.toLowerCase()],
    ['upper case', `0x${LICENSE.slice(2).toUpperCase()}`],
  ])('speaks for its license, spelled in %s', async (_, license) => {
    const token = await issuer.issue({ license, expiresIn: null });
    expect(await verifier().verify(token)).toEqual({ kind: 'ok', license: LICENSE });
  });

  test.each([
    ['has no end', { expiresIn: null }],
    ['ended within the clock tolerance', { expiresIn: -20 }],
  ])('may be one that %s', async (_, request) => {
    expect(await verifier().verify(await issuer.issue({ license: LICENSE, ...request }))).toMatchObject({ kind: 'ok' });
  });

  test('goes on being accepted until half a minute behind its end, not longer', async () => {
    const token = await issuer.issue({ license: LICENSE, claims: { exp: inSeconds(100) } });
    const subject = verifier();
    const check = await subject.verify(token);
    const endsInMs = check.kind === 'ok' ? check.endsInMs! : NaN;
    expect(nowMs + endsInMs).toBe(inSeconds(130) * 1_000);
    nowMs += endsInMs - 1;
    expect(await subject.verify(token)).toEqual({ kind: 'ok', license: LICENSE, endsInMs: 1 });
    nowMs += 1;
    expect(await subject.verify(token)).toMatchObject({ kind: 'invalid' });
  });

  test('costs one request for the keys, however many there are at once', async () => {
    const subject = verifier();
    const token = await issuer.issue({ license: LICENSE });
    await Promise.all(Array.from({ length: 20 }, () => subject.verify(token)));
    await subject.verify(token);
    expect(issuer.requests).toBe(1);
  });

  test.each(['ES256', 'ES384', 'EdDSA', 'PS256', 'RS512'])('may be signed with %s', async (algorithm) => {
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
    const jwk = { ...(await crypto.subtle.exportKey('jwk', publicKey)), alg: algorithm, kid: 'other', use: 'sig' };
    issuer.state = { status: 200, body: JSON.stringify({ keys: [jwk] }) };
    const signer = new SignJWT({ ethereum_address: LICENSE }).setProtectedHeader({ alg: algorithm, kid: 'other' });
    expect(await verifier().verify(await signer.sign(privateKey))).toEqual({ kind: 'ok', license: LICENSE });
  });
});

describe('a bad token is invalid and says why', () => {
  test.each<[string, Parameters<TokenIssuer['issue']>[0], RegExp]>([
    ['expired', { license: LICENSE, expiresIn: -60 }, /expired/],
    ['not valid yet', { license: LICENSE, claims: { nbf: Math.floor(Date.now() / 1000) + 300 } }, /not valid yet/],
    ['exp no number', { license: LICENSE, claims: { exp: 'tomorrow' as unknown as number } }, /exp/],
    ['no license', {}, /no claim ethereum_address/],
    ['license no text', { claims: { ethereum_address: 5 } }, /no address/],
    ['license null', { claims: { ethereum_address: null } }, /no address/],
    ['license too short', { license: '0x1234' }, /no address/],
    ['license not hexadecimal', { license: `0x${'g'.repeat(40)}` }, /no address/],
    ['zero address', { license: `0x${'0'.repeat(40)}` }, /zero address/],
  ])('%s', async (_, request, reason) => {
    expect(await verifier().verify(await issuer.issue(request))).toEqual({
      kind: 'invalid',
      reason: expect.stringMatching(reason),
    });
  });

  test.each<[string, string | undefined, string | undefined, boolean]>([
    ['right issuer and audience', 'https://auth.example', 'tripline', true],
    ['one of several audiences', undefined, 'other', true],
    ['wrong issuer', 'https://evil.example', undefined, false],
    ['wrong audience', undefined, 'nobody', false],
    ['neither configured', undefined, undefined, true],
  ])('issuer and audience count where they are configured: %s', async (_, expectedIssuer, audience, isValid) => {
    const token = await issuer.issue({
      license: LICENSE,
      claims: { iss: 'https://auth.example', aud: ['tripline', 'other'] },
    });
    const subject = verifier({ ...(expectedIssuer && { issuer: expectedIssuer }), ...(audience && { audience }) });
    expect((await subject.verify(token)).kind).toBe(isValid ? 'ok' : 'invalid');
  });

  test.each([
    ['empty', ''],
    ['a word', 'garbage'],
    ['dots', '..'],
    ['three words', 'a.b.c'],
    ['header no object', `${base64url.encode('5')}.e30.x`],
    ['header no JSON', `${base64url.encode('{')}.e30.x`],
    ['five parts', 'a.b.c.d.e'],
    ['binary', '\u0000\uffff.\u0000.\u0000'],
  ])('garbage: %s', async (_, token) => {
    expect(await verifier().verify(token)).toMatchObject({ kind: 'invalid' });
    expect(issuer.requests).toBe(0);
  });

  test('with an extension that must be understood', async () => {
    const [, claims, signature] = (await issuer.issue({ license: LICENSE })).split('.');
    const header = base64url.encode(JSON.stringify({ alg: 'RS256', kid: issuer.key.kid, crit: ['x'], x: 1 }));
    const reason = expect.stringMatching(/not supported/);
    expect(await verifier().verify(`${header}.${claims}.${signature}`)).toEqual({ kind: 'invalid', reason });
  });

  test('16 KiB', async () => {
    const token = await issuer.issue({ license: LICENSE, claims: { filler: 'x'.repeat(12 * 1024) } });
    expect(token.length).toBeGreaterThan(16 * 1024);
    expect(await verifier().verify(token)).toEqual({ kind: 'invalid', reason: expect.stringMatching(/longer than/) });
  });

  test('signed by nobody', async () => {
    const [, claims] = (await issuer.issue({ license: LICENSE })).split('.');
    const header = base64url.encode(JSON.stringify({ alg: 'none', kid: issuer.key.kid }));
    expect(await verifier().verify(`${header}.${claims}.`)).toMatchObject({ kind: 'invalid' });
  });

  test('signed with the public key as a shared secret', async () => {
    const publicKey = (await importJWK(issuer.key.publicJwk, 'RS256', { extractable: true })) as CryptoKey;
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    const signer = new SignJWT({ ethereum_address: LICENSE });
    const token = await signer.setProtectedHeader({ alg: 'HS256', kid: issuer.key.kid }).sign(secret);
    expect(await verifier().verify(token)).toEqual({ kind: 'invalid', reason: expect.stringMatching(/algorithm/) });
  });

  test('signed with another key under the same key id', async () => {
    const key = await createSigningKey(issuer.key.kid);
    const token = await issuer.issue({ license: LICENSE, key });
    expect(await verifier().verify(token)).toEqual({ kind: 'invalid', reason: expect.stringMatching(/signature/) });
  });

  test('with other claims under a good signature', async () => {
    const [header, , signature] = (await issuer.issue({ license: LICENSE })).split('.');
    const claims = base64url.encode(JSON.stringify({ ethereum_address: `0x${'1'.repeat(40)}` }));
    expect(await verifier().verify(`${header}.${claims}.${signature}`)).toMatchObject({ kind: 'invalid' });
  });

  test('its text is neither in the reason nor in the log', async () => {
    const lines: string[] = [];
    const log = createLog('debug', 'test', { write: (line: string) => void lines.push(line) });
    issuer.state = 'down';
    const token = await issuer.issue({ license: LICENSE, claims: { nbf: inSeconds(600) } });
    const first = await verifier({ log }).verify(token);
    issuer.state = 'up';
    const second = await verifier({ log }).verify(token);
    expect([first.kind, second.kind]).toEqual(['unavailable', 'invalid']);
    expect(lines.length).toBeGreaterThan(0);
    for (const part of token.split('.')) expect(`${lines.join()}${JSON.stringify(second)}`).not.toContain(part);
  });
});

describe('keys', () => {
  test('a new key is fetched when a token names it, once the cool-down is over', async () => {
    const subject = verifier();
    const old = await issuer.issue({ license: LICENSE });
    expect(await subject.verify(old)).toMatchObject({ kind: 'ok' });
    await issuer.rotate({ keepOld: true });
    const token = await issuer.issue({ license: LICENSE });
    nowMs += 1000;
    expect(await subject.verify(token)).toEqual({ kind: 'invalid', reason: expect.stringMatching(/no key/) });
    nowMs += 10_000;
    expect(await subject.verify(token)).toMatchObject({ kind: 'ok' });
    expect(await subject.verify(old)).toMatchObject({ kind: 'ok' });
  });

  test('invented key ids cause one request per cool-down', async () => {
    const subject = verifier();
    await subject.verify(await issuer.issue({ license: LICENSE }));
    nowMs += 11_000;
    for (const kid of ['a', 'b', 'c', 'd']) {
      await subject.verify(await issuer.issue({ license: LICENSE, header: { kid } }));
    }
    expect(issuer.requests).toBe(2);
  });

  test('a key that was taken back is refused when the set is old', async () => {
    const subject = verifier();
    const token = await issuer.issue({ license: LICENSE, expiresIn: null });
    expect(await subject.verify(token)).toMatchObject({ kind: 'ok' });
    await issuer.rotate();
    nowMs += 11 * MINUTE_MS;
    expect(await subject.verify(token)).toMatchObject({ kind: 'invalid' });
  });

  test.each<[string, TokenIssuer['state']]>([
    ['down', 'down'],
    ['hanging', 'hanging'],
    ['an error', { status: 500, body: '{}' }],
    ['a page of HTML', { status: 200, body: '<html>' }],
    ['no key set', { status: 200, body: '{"ok":true}' }],
    ['an empty key set', { status: 200, body: '{"keys":[]}' }],
    ['without end', { status: 200, body: `{"keys":[],"x":"${'x'.repeat(300_000)}"}` }],
  ])('an issuer that is %s: unavailable at first, verifying when it is back', async (_, state) => {
    issuer.state = state;
    const subject = verifier({ timeoutMs: 100 });
    const token = await issuer.issue({ license: LICENSE });
    expect(await subject.verify(token)).toEqual({ kind: 'unavailable' });
    issuer.state = 'up';
    nowMs += 2000;
    expect(await subject.verify(token)).toMatchObject({ kind: 'ok' });
  });

  test('an issuer that goes down later changes nothing for the keys that are known', async () => {
    const subject = verifier();
    const token = await issuer.issue({ license: LICENSE, expiresIn: 100 * 3600 });
    await subject.verify(token);
    issuer.state = 'down';
    for (const hours of [0.5, 1, 24]) {
      nowMs += hours * 60 * MINUTE_MS;
      expect(await subject.verify(token)).toMatchObject({ kind: 'ok' });
    }
    const stranger = await issuer.issue({ license: LICENSE, key: await createSigningKey('new') });
    expect(await subject.verify(stranger)).toEqual({ kind: 'unavailable' });
  });

  test('an issuer that was out and now hangs keeps nobody waiting whose key is known', async () => {
    // Longer than any test may take.
    const subject = verifier({ timeoutMs: 120_000 });
    const token = await issuer.issue({ license: LICENSE, expiresIn: 100 * 3600 });
    await subject.verify(token);
    issuer.state = 'down';
    nowMs += 11 * MINUTE_MS;
    await subject.verify(token);
    issuer.state = 'hanging';
    nowMs += 11_000;
    expect(await subject.verify(token)).toMatchObject({ kind: 'ok' });
  });

  test('an issuer that is down is not asked for every token', async () => {
    issuer.state = 'down';
    const subject = verifier();
    const token = await issuer.issue({ license: LICENSE });
    for (let i = 0; i < 5; i++) await subject.verify(token);
    expect(issuer.requests).toBe(1);
  });

  test('a key that is broken makes its tokens unverifiable and harms nobody', async () => {
    const broken = { ...issuer.key.publicJwk, n: 'AQAB' };
    issuer.state = { status: 200, body: JSON.stringify({ keys: [broken] }) };
    expect((await verifier().verify(await issuer.issue({ license: LICENSE }))).kind).not.toBe('ok');
  });

  test('two keys and a token that names none is ambiguous', async () => {
    await issuer.rotate({ keepOld: true });
    const token = await issuer.issue({ license: LICENSE, header: { kid: undefined as unknown as string } });
    expect(await verifier().verify(token)).toEqual({ kind: 'invalid', reason: expect.stringMatching(/which key/) });
  });
});
