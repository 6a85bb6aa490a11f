import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { newSigningSecret, signingKey } from './secret-box.js';
import { signStandard } from './signature.js';

test("Standard Webhooks' own example is signed as it shows", () => {
  const headers = signStandard({
    id: 'msg_loFOjxBNrRLzqYUf',
    timestampSeconds: 1731705121,
    body: '{"event_type":"ping","data":{"success":true}}',
    secrets: [signingKey('whsec_plJ3nmyCDGBKInavdOK15jsl')],
  });
  expect(headers).toEqual({
    'webhook-id': 'msg_loFOjxBNrRLzqYUf',
    'webhook-timestamp': '1731705121',
    'webhook-signature': 'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
  });
});

describe('the reference library accepts what was signed, and nothing else', () => {
  const secret = newSigningSecret();
  const now = Math.floor(Date.now() / 1000);
  const message = { id: randomUUID(), timestampSeconds: now, body: '{"größe": 1}', secrets: [signingKey(secret)] };
  const verify = (body: string, headers: Record<string, string>, with_ = secret) =>
    new Webhook(with_).verify(body, headers);

  test('text and bytes', () => {
    expect(verify(message.body, signStandard(message))).toEqual({ größe: 1 });
    expect(signStandard({ ...message, body: Buffer.from(message.body) })).toEqual(signStandard(message));
  });

  test('with either secret while a rotation lasts', () => {
    const old = newSigningSecret();
    const headers = signStandard({ ...message, secrets: [signingKey(secret), signingKey(old)] });
    expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
    expect(verify(message.body, headers)).toEqual({ größe: 1 });
    expect(verify(message.body, headers, old)).toEqual({ größe: 1 });
  });

  test.each<[string, string, Record<string, string>]>([
    ['another body', '{"größe": 2}', {}],
    ['another id', message.body, { 'webhook-id': 'other' }],
    ['another second', message.body, { 'webhook-timestamp': String(now + 1) }],
  ])('not %s', (_what, body, changed) => {
    expect(() => verify(body, { ...signStandard(message), ...changed })).toThrow('No matching signature found');
  });

  test('not another secret', () => {
    expect(() => verify(message.body, signStandard(message), newSigningSecret())).toThrow('No matching signature');
  });

  test('a secret that is plain text signs with its bytes', () => {
    const text = 'a secret of plain characters';
    const headers = signStandard({ ...message, secrets: [signingKey(text)] });
    expect(new Webhook(text, { format: 'raw' }).verify(message.body, headers)).toEqual({ größe: 1 });
  });
});

describe('a broken promise is an error', () => {
  test.each(['', 'a.b', 'a b', 'a\n', 'ä'])('an id that could pass for another message: %j', (id) => {
    const message = { id, timestampSeconds: 1, body: '', secrets: [randomBytes(32)] };
    expect(() => signStandard(message)).toThrow('cannot be signed');
  });

  test('no secret', () => {
    expect(() => signStandard({ id: 'a', timestampSeconds: 1, body: '', secrets: [] })).toThrow('without a secret');
  });
});
