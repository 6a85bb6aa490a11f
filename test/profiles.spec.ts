/** What receivers verify of a delivery, with their own means, after it went over the wire. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { createAuthority } from '../dev/certificates.js';
import { DEFAULT_ENDPOINT_OPTIONS, type DeliveryTarget, type Profile } from '../src/core/endpoint.js';
import { silentLog } from '../src/observability/log.js';
import { AddressGuard } from '../src/target/address-guard.js';
import { newAsymmetricKey, publicKeyOf } from '../src/target/asymmetric.js';
import { deliveryRequest, type DeliveryMessage } from '../src/target/delivery-request.js';
import { TargetClient } from '../src/target/http-client.js';
import { isSigningSecret, newSigningSecret, SecretBox } from '../src/target/secret-box.js';
import { DeliveryReceiver } from './support/delivery-receiver.js';
import { PROFILE_VERIFIERS, type Received } from './support/verifiers/profile-verifiers.js';

const EVENT_ID = '019bb1c2-3f7a-8b1c-9d2e-5f60718293a4';
const VEHICLE = 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345';
const ENVELOPE = JSON.stringify({
  id: EVENT_ID,
  source: 'vehicle-triggers-api',
  subject: VEHICLE,
  specversion: '1.0',
  time: '2026-01-12T10:30:00.250Z',
  type: 'dimo.trigger',
  data: {
    service: 'telemetry.events',
    metricName: 'behavior.harshBraking',
    webhookName: 'Größe € "v1=" 🚗',
    assetDID: VEHICLE,
    event: { name: 'behavior.harshBraking', durationNs: 0 },
  },
}).replace('"durationNs":0', '"durationNs":18446744073709551615');

const box = new SecretBox([randomBytes(32)]);
const endpointId = randomUUID();
const seal = (text: string) => box.seal(text, endpointId);

let receiver: DeliveryReceiver;
let client: TargetClient;

beforeAll(async () => {
  const authority = await createAuthority();
  receiver = await DeliveryReceiver.start(authority);
  client = new TargetClient({
    guard: new AddressGuard({ allow: ['127.0.0.1/32'] }),
    timeoutMs: 10_000,
    connectionsPerOrigin: 4,
    ca: authority.caPem,
    log: silentLog,
  });
});

afterAll(async () => {
  await client.close();
  await receiver.stop();
});

/** Sends one delivery and gives what arrived. */
async function sent(
  target: Partial<DeliveryTarget> & { secret: string },
  message: Partial<DeliveryMessage> = {},
): Promise<Received> {
  const path = `/${randomUUID()}`;
  const { request } = deliveryRequest(
    {
      deliveryId: randomUUID(),
      eventId: EVENT_ID,
      eventType: 'trigger.fired',
      attempt: 1,
      envelope: ENVELOPE,
      nowMs: Date.now(),
      ...message,
    },
    {
      ...DEFAULT_ENDPOINT_OPTIONS,
      endpointId,
      license: '0x1111111111111111111111111111111111111111',
      url: receiver.url(path),
      status: 'active',
      previousSecret: null,
      signingKey: null,
      previousSigningKey: null,
      headers: null,
      ...target,
      secret: seal(target.secret),
    },
    box,
  );
  await expect(client.post(request)).resolves.toMatchObject({ kind: 'answered', statusCode: 200 });
  const [{ headers, body }] = receiver.at(path) as [(typeof receiver.received)[number]];
  return { headers: headers as Record<string, string>, body: Buffer.from(body) };
}

describe('the public library of Standard Webhooks', () => {
  const verify = ({ headers, body }: Received, secret: string) => {
    const options = secret.startsWith('whsec_') ? {} : { format: 'raw' as const };
    return new Webhook(secret, options).verify(body, headers, { jsonParse: false });
  };

  test.each([
    ['one of ours', newSigningSecret()],
    ['an own one of 24 bytes', `whsec_${randomBytes(24).toString('base64')}`],
    ['an own one of 64 bytes', `whsec_${randomBytes(64).toString('base64')}`],
    ['an own one of plain characters', 'sixteen chars ok'],
  ])('accepts a delivery that was signed with %s', async (_what, secret) => {
    expect(isSigningSecret(secret)).toBe(true);
    const received = await sent({ secret });
    expect(() => verify(received, secret)).not.toThrow();
    expect(() => verify(received, newSigningSecret())).toThrow('No matching signature');
  });

  test('accepts the old secret and the new one while a rotation lasts, beside asymmetric signatures', async () => {
    const [secret, old] = [newSigningSecret(), newSigningSecret()];
    const received = await sent({
      secret,
      previousSecret: seal(old),
      signingKey: seal(newAsymmetricKey()),
      previousSigningKey: seal(newAsymmetricKey()),
    });
    expect(() => verify(received, secret)).not.toThrow();
    expect(() => verify(received, old)).not.toThrow();
    expect(() => verify(received, newSigningSecret())).toThrow('No matching signature');
  });

  test.each(Object.keys({ ...PROFILE_VERIFIERS }) as Profile[])('accepts profile %s as well', async (profile) => {
    const secret = newSigningSecret();
    const received = await sent({ secret, profile });
    expect(() => verify(received, secret)).not.toThrow();
  });

  test('refuses a delivery when any byte of its body, id or timestamp was changed', async () => {
    const secret = newSigningSecret();
    const { headers, body } = await sent({ secret });
    for (let index = 0; index < body.length; index += 7) {
      const changed = Buffer.from(body);
      changed[index]! ^= 1;
      expect(() => verify({ headers, body: changed }, secret)).toThrow('No matching signature');
    }
    const id = headers['webhook-id']!.replace('a', 'b');
    expect(() => verify({ headers: { ...headers, 'webhook-id': id }, body }, secret)).toThrow('No matching signature');
    const second = String(Number(headers['webhook-timestamp']) - 1);
    expect(() => verify({ headers: { ...headers, 'webhook-timestamp': second }, body }, secret)).toThrow(
      'No matching signature',
    );
  });

  test('refuses what is older than five minutes', async () => {
    const secret = newSigningSecret();
    const received = await sent({ secret }, { nowMs: Date.now() - 310_000 });
    expect(() => verify(received, secret)).toThrow('too old');
  });
});

test("the example of Standard Webhooks' own documents is signed as it shows", async () => {
  const { headers } = await sent(
    { secret: 'whsec_plJ3nmyCDGBKInavdOK15jsl' },
    {
      eventId: 'msg_loFOjxBNrRLzqYUf',
      nowMs: 1731705121_000,
      envelope: '{"event_type":"ping","data":{"success":true}}',
    },
  );
  expect(headers).toMatchObject({
    'webhook-id': 'msg_loFOjxBNrRLzqYUf',
    'webhook-timestamp': '1731705121',
    'webhook-signature': 'v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=',
  });
});

describe('a receiver that was written for another system, and is not changed, accepts its profile', () => {
  const profiles = Object.entries(PROFILE_VERIFIERS) as [
    keyof typeof PROFILE_VERIFIERS,
    (typeof PROFILE_VERIFIERS)['dimo'],
  ][];
  const judged = (judge: () => boolean) => {
    try {
      return judge();
    } catch {
      return false;
    }
  };

  test.each(profiles)('%s', async (profile, verify) => {
    for (const secret of [newSigningSecret(), 'a secret of plain characters']) {
      const { headers, body } = await sent({ secret, profile, previousSecret: seal(newSigningSecret()) });
      expect(verify({ headers, body }, secret)).toBe(true);
      expect(judged(() => verify({ headers, body: Buffer.concat([body, Buffer.from(' ')]) }, secret))).toBe(false);
      expect(judged(() => verify({ headers, body }, newSigningSecret()))).toBe(false);
    }
  });

  test('under its own header names, where it has others', async () => {
    const secret = newSigningSecret();
    const { headers, body } = await sent({ secret, profile: 'dembrane', headerPrefix: 'X-Acme' });
    expect(headers).not.toHaveProperty('x-dembrane-signature');
    const renamed = { ...headers, 'x-dembrane-signature': headers['x-acme-signature']! };
    expect(PROFILE_VERIFIERS.dembrane({ headers: renamed, body }, secret)).toBe(true);
  });

  test('desmo is told the event and the delivery', async () => {
    const { headers } = await sent({ secret: newSigningSecret(), profile: 'desmo' }, { deliveryId: 'd1' });
    expect(headers).toMatchObject({ 'x-desmo-event': 'trigger.fired', 'x-desmo-delivery': 'd1' });
  });

  test('dodev is told the id of the body and the second of the signature', async () => {
    const { headers, body } = await sent({ secret: newSigningSecret(), profile: 'dodev' });
    expect(headers['x-dodevwebhook-id']).toBe((JSON.parse(body.toString()) as { eventId: string }).eventId);
    expect(headers['x-dodevwebhook-timestamp']).toBe(headers['webhook-timestamp']);
    expect(headers['x-dodevwebhook-signature']).toMatch(`t=${headers['webhook-timestamp']},v1=`);
  });
});

describe('the body of a profile', () => {
  const bodyOf = async (profile: Profile) => (await sent({ secret: newSigningSecret(), profile })).body.toString();

  test.each<Profile>(['standard', 'dimo', 'dembrane'])('%s is the CloudEvent to the byte', async (profile) => {
    expect(await bodyOf(profile)).toBe(ENVELOPE);
  });

  /** An example from each receiver's documents: only members and types count. */
  const EXAMPLES: [Profile, object][] = [
    ['desmo', { event: 'session.started', timestamp: '2026-01-12T10:30:00Z', data: { sessionId: 'sess_abc123' } }],
    [
      'dodev',
      {
        eventId: 'evt_a1b2c3d4-e5f6-7890-abcd-ef1234567890',
        type: 'send.email.sent',
        service: 'send',
        data: { messageId: 'msg_abc123' },
        livemode: true,
        createdAt: 1700000000000,
      },
    ],
  ];
  /** Names in order, each with its type, of texts also the shape: letters and digits stand for their kind. */
  const shapeOf = (value: object) =>
    Object.entries(value).map(([name, member]: [string, unknown]) => [
      name,
      typeof member,
      typeof member === 'string' ? (/^\d{4}-|^evt_/.test(member) ? member.replace(/[0-9a-f]/g, '0') : 'text') : '',
    ]);

  test.each(EXAMPLES)("%s has exactly the members of its receivers' example", async (profile, example) => {
    expect(shapeOf(JSON.parse(await bodyOf(profile)) as object)).toEqual(shapeOf(example));
  });

  test.each<Profile>(['standard', 'dimo', 'desmo', 'dembrane', 'dodev'])('%s keeps data exactly', async (profile) => {
    const body = await bodyOf(profile);
    expect(body).toContain('"durationNs":18446744073709551615');
    const { data } = JSON.parse(body) as { data: unknown };
    expect(data).toEqual((JSON.parse(ENVELOPE) as { data: unknown }).data);
  });
});

describe('the sample receiver for Node in the documents', () => {
  type Verify = (keys: string[], headers: object, body: Buffer, nowSeconds?: number) => boolean;
  let verify: Verify;

  beforeAll(async () => {
    const path = '../docs/verify/verify.mjs';
    ({ verify } = (await import(path)) as { verify: Verify });
  });

  test('accepts secrets and public keys, old and new, and nothing that was changed', async () => {
    const [secret, old, key, oldKey] = [newSigningSecret(), newSigningSecret(), newAsymmetricKey(), newAsymmetricKey()];
    const { headers, body } = await sent({
      secret,
      previousSecret: seal(old),
      signingKey: seal(key),
      previousSigningKey: seal(oldKey),
    });
    for (const right of [secret, old, publicKeyOf(key), publicKeyOf(oldKey)]) {
      expect(verify([right], headers, body)).toBe(true);
      expect(verify([right], headers, Buffer.concat([body, body]))).toBe(false);
      expect(verify([right], headers, body, Date.now() / 1_000 + 400)).toBe(false);
    }
    expect(verify([newSigningSecret(), publicKeyOf(newAsymmetricKey())], headers, body)).toBe(false);
  });
});
