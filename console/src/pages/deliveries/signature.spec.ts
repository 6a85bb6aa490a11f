import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { clockLead, verdictWords } from './signature-words.js';
import { checkSignature } from './signature.js';
import type { Received, SignedRequest } from './signature.js';

const { subtle } = globalThis.crypto;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OLD_SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const AT = new Date('2026-01-15T12:00:00Z');
const TIMESTAMP = String(AT.getTime() / 1000);
const BODY = '{"id":"019b","data":{"value":61.5,"place":"Köln ✓"}}';

const signed = (secret: string, body = BODY) => new Webhook(secret).sign('019b', AT, body);
/** As it is kept on record. */
const cut = (header: string) => header.replace(/\S+/g, (text) => `${text.slice(0, 12)}…`);
const request = (signature: string, body = BODY): SignedRequest => ({
  id: '019b',
  timestamp: TIMESTAMP,
  signature,
  body,
});
const check = (key: string, sent: SignedRequest, received?: Received, rotatedAtMs?: number) =>
  checkSignature({ subtle, key, sent, ...(received && { received }), rotatedAtMs });

describe('a signature made with a secret', () => {
  it.each([
    ['as a whole', signed(SECRET)],
    ['as it is on record', cut(signed(SECRET))],
  ])('matches %s', async (_, signature) => {
    expect(await check(SECRET, request(signature))).toEqual({ kind: 'matches', scheme: 'v1', place: 'only' });
    expect(await check(` ${SECRET}\n`, request(signature))).toMatchObject({ kind: 'matches' });
  });

  it('matches with a secret that its owner chose, by its characters', async () => {
    const secret = 'a secret of my own';
    const mac = createHmac('sha256', secret).update(`019b.${TIMESTAMP}.${BODY}`).digest('base64');
    expect(await check(secret, request(`v1,${mac}`))).toMatchObject({ kind: 'matches' });
  });

  it('is known as the new or the old one while a rotation lasts', async () => {
    const both = request(cut(`${signed(SECRET)} ${signed(OLD_SECRET)}`));
    expect(await check(SECRET, both)).toEqual({ kind: 'matches', scheme: 'v1', place: 'new' });
    expect(await check(OLD_SECRET, both)).toEqual({ kind: 'matches', scheme: 'v1', place: 'old' });
  });

  it('does not match another secret', async () => {
    expect(await check(OLD_SECRET, request(cut(signed(SECRET))))).toEqual({ kind: 'wrong_key', scheme: 'v1' });
  });

  it('does not match another timestamp or id', async () => {
    const sent = request(signed(SECRET));
    expect(await check(SECRET, { ...sent, timestamp: '1' })).toMatchObject({ kind: 'wrong_key' });
    expect(await check(SECRET, { ...sent, id: '019c' })).toMatchObject({ kind: 'wrong_key' });
  });

  it('does not match a secret that came after the attempt, and that is said', async () => {
    const atMs = AT.getTime() + 1000;
    expect(await check(OLD_SECRET, request(cut(signed(SECRET))), undefined, atMs)).toEqual({ kind: 'rotated', atMs });
    expect(await check(SECRET, request(cut(signed(SECRET))), undefined, atMs)).toMatchObject({ kind: 'matches' });
  });

  it.each([
    ['{"id":"019b","data":{"value":61.5,"place":"Koeln"}}', 44, false],
    [JSON.stringify(JSON.parse(BODY), null, 2), 1, true],
    ['{"data":{"place":"Köln ✓","value":61.5},"id":"019b"}', 2, true],
    [BODY.slice(0, -1), BODY.length - 1, false],
    ['', 0, false],
  ])('tells that the body was changed to %j', async (body, at, isOnlySpelling) => {
    const verdict = await check(SECRET, request(cut(signed(SECRET))), { body });
    expect(verdict).toEqual({ kind: 'body_changed', at, isOnlySpelling });
  });

  it('matches the body that came, where the page could not make it anew', async () => {
    const sent = request(cut(signed(SECRET)), '{"durationNs":9007199254740992}');
    expect(await check(SECRET, sent, { body: BODY })).toMatchObject({ kind: 'matches' });
  });

  it('tells that another signature was received than sent', async () => {
    const sent = request(cut(signed(SECRET)));
    expect(await check(SECRET, sent, { signature: signed(OLD_SECRET) })).toEqual({ kind: 'signature_changed' });
    expect(await check(SECRET, sent, { signature: signed(SECRET) })).toMatchObject({ kind: 'matches' });
  });
});

describe('a signature made with an ed25519 key', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const bytes = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
  const key = `whpk_${bytes.toString('base64')}`;
  const signatureOf = (body: string) =>
    `v1a,${sign(null, Buffer.from(`019b.${TIMESTAMP}.${body}`), privateKey).toString('base64')}`;
  const header = `${signed(SECRET)} ${signatureOf(BODY)}`;

  it('matches its public key', async () => {
    expect(await check(key, request(header))).toEqual({ kind: 'matches', scheme: 'v1a', place: 'only' });
  });

  it('is needed as a whole, which the receiver has', async () => {
    expect(await check(key, request(cut(header)))).toEqual({ kind: 'needs_signature' });
    expect(await check(key, request(cut(header)), { signature: header })).toMatchObject({ kind: 'matches' });
  });

  it('is not taken for that of another attempt', async () => {
    const verdict = await check(key, request(cut(header)), { signature: signatureOf('other') });
    expect(verdict).toEqual({ kind: 'signature_changed' });
  });

  it('does not match a changed body or another key', async () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x!;
    const otherKey = `whpk_${Buffer.from(other, 'base64url').toString('base64')}`;
    expect(await check(key, request(header), { body: `${BODY} ` })).toMatchObject({ kind: 'body_changed' });
    expect(await check(otherKey, request(header))).toEqual({ kind: 'wrong_key', scheme: 'v1a' });
  });

  it('is missed where the endpoint has none', async () => {
    expect(await check(key, request(signed(SECRET)))).toEqual({ kind: 'no_signature', scheme: 'v1a' });
  });

  it('cannot be judged by a browser without ed25519', async () => {
    const without = { importKey: () => Promise.reject(new Error('NotSupportedError')) } as unknown as SubtleCrypto;
    expect(await checkSignature({ subtle: without, key, sent: request(header) })).toEqual({ kind: 'no_ed25519' });
  });
});

describe('what cannot be checked', () => {
  it('is said on plain http, where there is no WebCrypto', async () => {
    const verdict = await checkSignature({ subtle: undefined, key: SECRET, sent: request(signed(SECRET)) });
    expect(verdict).toEqual({ kind: 'no_crypto' });
  });

  it.each(['', ' ', 'whsec_', 'whsec_not base64!', 'whpk_AAAA', 'whsk_AAAA'])('is the key %j', async (key) => {
    expect(await check(key, request(signed(SECRET)))).toMatchObject({ kind: 'no_key' });
  });

  it('is a request without signature', async () => {
    expect(await check(SECRET, request(''))).toEqual({ kind: 'no_signature', scheme: 'v1' });
  });
});

describe('a verdict in words', () => {
  it('says that the body may be the page’s fault where it could not be made anew', () => {
    const verdict = { kind: 'wrong_key', scheme: 'v1' } as const;
    expect(verdictWords(verdict, { isExact: false }).text).toMatch(/more digits/);
    expect(verdictWords(verdict, { isExact: true }).text).not.toMatch(/more digits/);
  });

  it('says when the secret was replaced', () => {
    expect(verdictWords({ kind: 'rotated', atMs: AT.getTime() }, { isExact: true }).text).toMatch(/2026-01-15 12:00/);
  });
});

describe('the clock of a receiver', () => {
  it.each([
    ['Thu, 15 Jan 2026 12:00:01 GMT', 1000, 0],
    ['Thu, 15 Jan 2026 12:10:00 GMT', 0, 600],
    ['Thu, 15 Jan 2026 11:50:00 GMT', 0, -600],
    [undefined, 0, undefined],
    ['soon', 0, undefined],
  ])('answering at %s after %i ms is %s s ahead', (date, durationMs, lead) => {
    expect(clockLead(TIMESTAMP, { date, durationMs })).toBe(lead);
  });
});
