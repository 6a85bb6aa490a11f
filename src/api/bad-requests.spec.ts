import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { ADMIN_TOKEN, each, send, TestApi, vehicle, type ApiDeveloper } from '../../test/support/api.js';

let api: TestApi;
let developer: ApiDeveloper;
let id: string;

beforeAll(async () => {
  api = await TestApi.start();
  developer = await api.developer();
  id = await developer.register({ displayName: 'Taken', coolDownPeriod: 30 });
  await developer.grant([vehicle(1), vehicle(2)]);
  await developer.call('POST', `/v1/webhooks/${id}/subscribe/${vehicle(1)}`);
});
afterAll(() => api.stop());

const NEW = '/v1/webhooks';
const OWN = '/v1/webhooks/{id}';
const CHECK = '/v1/conditions/check';
const EVALUATE = '/v1/conditions/evaluate';
const speed = { service: 'signals', metricName: 'speed', condition: 'value > 5' };

/** What is wrong; the request; the status; what its body says, `errors` by their pointers. */
const FIELDS: [string, string, string, unknown, number, object][] = [
  ['no service', 'POST', NEW, { service: undefined }, 400, { pointers: ['#/service'], message: 'service is required' }],
  ['an empty service', 'POST', NEW, { service: '' }, 400, { pointers: ['#/service'] }],
  [
    'an unknown service',
    'POST',
    NEW,
    { service: 'telemetry.speeds' },
    400,
    { message: 'Invalid service: telemetry.speeds' },
  ],
  [
    'a service of the prototype',
    'POST',
    NEW,
    { service: 'constructor' },
    400,
    { message: 'Invalid service: constructor' },
  ],
  ['a service that is a number', 'POST', NEW, { service: 5 }, 400, { message: 'service must be a string' }],
  [
    'a very long service',
    'POST',
    NEW,
    { service: 'x'.repeat(65) },
    400,
    { message: 'service may have at most 64 characters' },
  ],
  ['no metric', 'POST', NEW, { metricName: undefined }, 400, { pointers: ['#/metricName'] }],
  ['an empty metric', 'POST', NEW, { metricName: '' }, 400, { message: 'metricName must not be empty' }],
  ['a misspelt metric', 'POST', NEW, { metricName: 'vss.sped' }, 400, { nearest: expect.arrayContaining(['speed']) }],
  [
    'an event as a signal',
    'POST',
    NEW,
    { metricName: 'HarshBraking' },
    400,
    { message: 'Unknown metric: HarshBraking' },
  ],
  [
    'a misspelt event',
    'POST',
    NEW,
    { service: 'events', metricName: 'behavior.harshBreaking', condition: 'true' },
    400,
    { nearest: expect.arrayContaining(['behavior.harshBraking']) },
  ],
  ['a very long metric', 'POST', NEW, { metricName: 'x'.repeat(129) }, 400, { pointers: ['#/metricName'] }],
  ['no condition', 'POST', NEW, { condition: undefined }, 400, { message: 'condition is required' }],
  ['an empty condition', 'POST', NEW, { condition: '' }, 400, { pointers: ['#/condition'] }],
  ['a blank condition', 'POST', NEW, { condition: '  ' }, 400, { line: 1 }],
  [
    'a condition with a syntax error',
    'POST',
    NEW,
    { condition: 'value >\n  > 5' },
    400,
    { line: 2, column: 3, message: expect.stringMatching(/^invalid CEL condition: /) },
  ],
  [
    'a condition with an unknown variable',
    'POST',
    NEW,
    { condition: 'valu > 5' },
    400,
    { line: 1, column: 1, length: 4 },
  ],
  ['a condition that orders text and number', 'POST', NEW, { condition: "valueNumber >= 'string'" }, 400, { line: 1 }],
  ['a condition that is a number', 'POST', NEW, { condition: 'valueNumber' }, 400, { line: 1 }],
  [
    'a signal condition for an event',
    'POST',
    NEW,
    { service: 'events', metricName: 'HarshBraking' },
    400,
    { line: 1, column: 1 },
  ],
  [
    'a very long condition',
    'POST',
    NEW,
    { condition: `value > ${'1'.repeat(2000)}` },
    400,
    { message: 'condition may have at most 2000 characters' },
  ],
  [
    'a condition that is a list',
    'POST',
    NEW,
    { condition: ['value > 5'] },
    400,
    { message: 'condition must be a string' },
  ],
  [
    'a negative cool-down',
    'POST',
    NEW,
    { coolDownPeriod: -1 },
    400,
    { message: 'Cool down period must be greater than or equal to 0' },
  ],
  ['a cool-down as text', 'POST', NEW, { coolDownPeriod: '30' }, 400, { message: 'coolDownPeriod must be a number' }],
  [
    'half a second of cool-down',
    'POST',
    NEW,
    { coolDownPeriod: 30.5 },
    400,
    { message: 'coolDownPeriod must be a whole number' },
  ],
  [
    'a cool-down of more than 68 years',
    'POST',
    NEW,
    { coolDownPeriod: 2147483648 },
    400,
    { message: 'coolDownPeriod must be 2147483647 or less' },
  ],
  ['a cool-down beyond whole numbers', 'POST', NEW, { coolDownPeriod: 1e300 }, 400, { pointers: ['#/coolDownPeriod'] }],
  [
    'a failed status',
    'POST',
    NEW,
    { status: 'failed' },
    400,
    { message: "Invalid status, must be 'enabled' or 'disabled', got 'failed'" },
  ],
  [
    'an empty status',
    'POST',
    NEW,
    { status: '' },
    400,
    { message: "Invalid status, must be 'enabled' or 'disabled', got ''" },
  ],
  ['a status that is a number', 'POST', NEW, { status: 1 }, 400, { pointers: ['#/status'] }],
  ['no target', 'POST', NEW, { targetURL: undefined }, 400, { message: 'targetURL is required' }],
  ['an empty target', 'POST', NEW, { targetURL: '' }, 400, { pointers: ['#/targetURL'] }],
  ['a target that is no URL', 'POST', NEW, { targetURL: 'example.com/hook' }, 400, { message: 'Invalid webhook URL' }],
  [
    'a target over HTTP',
    'POST',
    NEW,
    { targetURL: 'http://example.com/hook' },
    400,
    { message: 'Webhook URL must be HTTPS' },
  ],
  [
    'a target of another scheme',
    'POST',
    NEW,
    { targetURL: 'ftp://example.com/hook' },
    400,
    { message: 'Webhook URL must be HTTPS' },
  ],
  [
    'a target with a password',
    'POST',
    NEW,
    { targetURL: 'https://me:pw@example.com/' },
    400,
    { message: 'Invalid webhook URL' },
  ],
  [
    'a very long target',
    'POST',
    NEW,
    { targetURL: `https://example.com/${'x'.repeat(2048)}` },
    400,
    { pointers: ['#/targetURL'] },
  ],
  ['no token', 'POST', NEW, { verificationToken: undefined }, 400, { message: 'verificationToken is required' }],
  ['an empty token', 'POST', NEW, { verificationToken: '' }, 400, { message: 'verificationToken must not be empty' }],
  [
    'a token with blanks around it',
    'POST',
    NEW,
    { verificationToken: ' abc ' },
    400,
    { pointers: ['#/verificationToken'] },
  ],
  [
    'a very long token',
    'POST',
    NEW,
    { verificationToken: 'x'.repeat(513) },
    400,
    { pointers: ['#/verificationToken'] },
  ],
  ['a very long description', 'POST', NEW, { description: 'x'.repeat(2001) }, 400, { pointers: ['#/description'] }],
  ['a NUL in the description', 'POST', NEW, { description: 'a\0b' }, 400, { pointers: ['#/description'] }],
  ['half a surrogate pair in the name', 'POST', NEW, { displayName: 'a\ud800' }, 400, { pointers: ['#/displayName'] }],
  ['a very long name', 'POST', NEW, { displayName: 'x'.repeat(256) }, 400, { pointers: ['#/displayName'] }],
  ['a name that is taken', 'POST', NEW, { displayName: 'tAKEN' }, 400, { message: 'Display name must be unique' }],
  [
    'several mistakes',
    'POST',
    NEW,
    { service: 1, coolDownPeriod: -1, status: 'x' },
    400,
    { pointers: ['#/service', '#/coolDownPeriod', '#/status'], detail: '3 fields are invalid: see errors.' },
  ],
];

const BODIES: [string, string, string, unknown, number, object][] = [
  ['a list as the body', 'POST', NEW, [], 400, { message: expect.stringMatching(/^Invalid request payload/) }],
  ['a null body', 'PUT', OWN, null, 400, { message: expect.stringMatching(/^Invalid request payload/) }],
  ['text as the body', 'PUT', OWN, 'x', 400, {}],
  [
    'a negative cool-down in a change',
    'PUT',
    OWN,
    { coolDownPeriod: -5 },
    400,
    { message: 'Cool down period must be greater than or equal to 0' },
  ],
  ['an unknown status in a change', 'PUT', OWN, { status: 'paused' }, 400, { pointers: ['#/status'] }],
  ['a wrong condition in a change', 'PUT', OWN, { condition: 'value >' }, 400, { line: 1 }],
  [
    'a metric in a change for which the condition is wrong',
    'PATCH',
    OWN,
    { metricName: 'powertrainType' },
    400,
    { line: 1 },
  ],
  ['an unknown metric in a change', 'PATCH', OWN, { metricName: 'sped' }, 400, { pointers: ['#/metricName'] }],
  ['an unknown service in a change', 'PUT', OWN, { service: 'x' }, 400, { message: 'Invalid service: x' }],
  [
    'another target without a token',
    'PUT',
    OWN,
    { targetURL: 'https://example.com/' },
    400,
    { pointers: ['#/verificationToken'] },
  ],
  [
    'another target that is none',
    'PUT',
    OWN,
    { targetURL: 'x', verificationToken: 'y' },
    400,
    { message: 'Invalid webhook URL' },
  ],
  [
    'another target that is not reached',
    'PUT',
    OWN,
    { targetURL: 'https://127.0.0.1:1/', verificationToken: 'y', status: 'disabled' },
    400,
    { step: 'address' },
  ],
  [
    'a wrapped change that is wrong',
    'PUT',
    OWN,
    { request: { coolDownPeriod: 'x' } },
    400,
    { pointers: ['#/coolDownPeriod'] },
  ],
  ['no list', 'POST', `${OWN}/subscribe/list`, {}, 400, { message: 'assetDIDs is required' }],
  [
    'a list that is none',
    'POST',
    `${OWN}/subscribe/list`,
    { assetDIDs: 'x' },
    400,
    { message: 'assetDIDs must be a list' },
  ],
  ['a list with a number', 'POST', `${OWN}/subscribe/list`, { assetDIDs: [1] }, 400, { pointers: ['#/assetDIDs/0'] }],
  [
    'a list with something that is no DID',
    'POST',
    `${OWN}/subscribe/list`,
    { assetDIDs: [vehicle(2), 'did:x'] },
    400,
    { pointers: ['#/assetDIDs/1'] },
  ],
  [
    'an unsubscribe list with something that is no DID',
    'DELETE',
    `${OWN}/unsubscribe/list`,
    { assetDIDs: [vehicle(1), 'x'] },
    400,
    { pointers: ['#/assetDIDs/1'] },
  ],
  [
    'a condition to check without a metric',
    'POST',
    CHECK,
    { service: 'signals', condition: 'true' },
    400,
    { pointers: ['#/metricName'] },
  ],
  [
    'a condition to check of an unknown metric',
    'POST',
    CHECK,
    { ...speed, metricName: 'sped' },
    400,
    { pointers: ['#/metricName'] },
  ],
  ['a trial without a sample', 'POST', EVALUATE, speed, 400, { message: 'sample is required' }],
  [
    'a trial with text for a number',
    'POST',
    EVALUATE,
    { ...speed, sample: { value: 'fast' } },
    400,
    { message: 'speed needs a number as value' },
  ],
  ['a trial without a value', 'POST', EVALUATE, { ...speed, sample: {} }, 400, { pointers: ['#/sample/value'] }],
  [
    'a trial with an unknown member',
    'POST',
    EVALUATE,
    { ...speed, sample: { valeu: 5 } },
    400,
    { pointers: ['#/sample'] },
  ],
  [
    'a trial with a wrong previous',
    'POST',
    EVALUATE,
    { ...speed, sample: { value: 5 }, previous: { value: 'x' } },
    400,
    { pointers: ['#/previous/value'] },
  ],
  [
    'a trial of a wrong condition',
    'POST',
    EVALUATE,
    { ...speed, condition: 'valu', sample: { value: 5 } },
    400,
    { line: 1 },
  ],
  [
    'a trial with a location off the globe',
    'POST',
    EVALUATE,
    { ...speed, sample: { value: { latitude: 91, longitude: 0 } } },
    400,
    {},
  ],
];

const PATHS: [string, string, string, unknown, number, object][] = [
  ['an id that is no UUID', 'GET', '/v1/webhooks/x/config', undefined, 400, { message: 'Invalid webhook id' }],
  ['an id that is no UUID in a change', 'PUT', '/v1/webhooks/5', {}, 400, { message: 'Invalid webhook id' }],
  [
    'an id that is no UUID in a list of vehicles',
    'GET',
    '/v1/webhooks/5',
    undefined,
    400,
    { message: 'Invalid webhook id' },
  ],
  ['an id with a NUL', 'DELETE', '/v1/webhooks/%00', undefined, 400, { message: 'Invalid webhook id' }],
  [
    'a DID that is none',
    'GET',
    '/v1/webhooks/vehicles/x',
    undefined,
    400,
    { message: expect.stringMatching(/^Invalid asset DID format: invalid DID/) },
  ],
  [
    'a DID that is none to subscribe',
    'POST',
    `${OWN}/subscribe/x`,
    undefined,
    400,
    { message: expect.stringMatching(/^Invalid asset DID format/) },
  ],
  ['a DID that is none to unsubscribe', 'DELETE', `${OWN}/unsubscribe/x`, undefined, 400, {}],
  ['a DID that is none for a state', 'GET', `${OWN}/state/x`, undefined, 400, {}],
  ['a path that cannot be decoded', 'GET', '/v1/webhooks/%zz', undefined, 400, {}],
  [
    'a vehicle that is subscribed already',
    'POST',
    `${OWN}/subscribe/${vehicle(1)}`,
    undefined,
    400,
    { message: 'Already subscribed' },
  ],
  [
    'a vehicle without permission',
    'POST',
    `${OWN}/subscribe/${vehicle(9)}`,
    undefined,
    403,
    { message: 'Insufficient vehicle permissions' },
  ],
  ['a limit of nothing', 'GET', '/v1/webhooks?limit=0', undefined, 400, { pointers: ['limit'] }],
  [
    'a limit that is too high',
    'GET',
    '/v1/webhooks?limit=501',
    undefined,
    400,
    { message: 'limit must be 500 or less' },
  ],
  ['a limit that is no number', 'GET', '/v1/webhooks?limit=all', undefined, 400, { message: 'limit must be a number' }],
  ['half a limit', 'GET', '/v1/webhooks?limit=1.5', undefined, 400, {}],
  ['a cursor of nobody', 'GET', '/v1/webhooks?cursor=xyz', undefined, 400, { pointers: ['cursor'] }],
  ['a cursor of nobody for vehicles', 'GET', `${OWN}?cursor=xyz`, undefined, 400, { pointers: ['cursor'] }],
  ['a cursor of nobody for states', 'GET', `${OWN}/state?cursor=AAAA`, undefined, 400, { pointers: ['cursor'] }],
  ['a cursor given twice', 'GET', '/v1/webhooks?cursor=a&cursor=b', undefined, 400, { pointers: ['cursor'] }],
  ['an unknown path', 'GET', '/v1/webhook', undefined, 404, { message: 'Cannot GET /v1/webhook' }],
  [
    'a method that the path does not take',
    'POST',
    '/v1/webhooks/signals',
    undefined,
    405,
    { message: 'Method Not Allowed' },
  ],
  [
    'a method that the list does not take',
    'DELETE',
    '/v1/webhooks',
    undefined,
    405,
    { detail: '/v1/webhooks takes GET, POST.' },
  ],
];

const CASES = [
  ...FIELDS.map(
    ([what, method, path, fields, ...rest]) => [what, method, path, { complete: fields }, ...rest] as const,
  ),
  ...BODIES,
  ...PATHS,
];

test.each(CASES)('%s is refused and changes nothing', async (_what, method, path, body, status, expected) => {
  const before = await api.contents();
  const isPart = typeof body === 'object' && body !== null && 'complete' in body;
  const sent = isPart ? developer.webhook(body.complete as object as Record<string, unknown>) : body;
  const answer = await developer.call(method, path.replace('{id}', id), sent);

  const { pointers, ...members } = expected as { pointers?: string[] };
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect({ status: answer.status, ...answer.body }).toMatchObject({ status, code: status, ...members });
  for (const member of ['type', 'title', 'detail', 'message']) expect(answer.body[member]).toMatch(/./);
  if (pointers) expect(each(answer.body.errors, 'pointer')).toEqual(pointers);
  expect(await api.contents()).toBe(before);
});

test.each([
  [
    'broken JSON',
    { 'content-type': 'application/json' },
    '{"service": "signals",\n "metricName" "speed"}',
    400,
    { line: 2, column: 15 },
  ],
  [
    'a sample with a comma missing',
    { 'content-type': 'application/json' },
    '{\n"displayName": "reminder."\n"targetURL": ""}',
    400,
    { line: 3, column: 1 },
  ],
  ['no body', { 'content-type': 'application/json' }, '', 400, { line: 1, column: 1 }],
  ['bytes that are no UTF-8', { 'content-type': 'application/json' }, Buffer.from([0x7b, 0xff, 0x7d]), 400, {}],
  ['no content type', { 'content-type': '' }, '{}', 415, {}],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'service=signals', 415, {}],
  ['XML', { 'content-type': 'application/xml' }, '<a/>', 415, {}],
  ['a type that only ends in json', { 'content-type': 'application/notjson' }, '{}', 415, {}],
  ['another character set', { 'content-type': 'application/json; charset=utf-16' }, '{}', 415, {}],
  ['an unknown encoding', { 'content-type': 'application/json', 'content-encoding': 'zstd' }, '{}', 415, {}],
  ['what is not gzip', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 'plain', 400, {}],
  ['more than 1 MB', { 'content-type': 'application/json' }, `"${'x'.repeat(1024 * 1024)}"`, 413, {}],
  [
    'a small body that unpacks to more than 1 MB',
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    gzipSync(Buffer.alloc(5_000_000, 32)),
    413,
    {},
  ],
])('%s is refused and changes nothing', async (_what, headers, body, status, expected) => {
  const before = await api.contents();
  for (const [method, path] of [
    ['POST', NEW],
    ['PUT', `/v1/webhooks/${id}`],
  ] as const) {
    const answer = await developer.send(method, path, headers, body);
    expect({ ...answer.body, actual: answer.status }).toMatchObject({
      ...expected,
      status,
      code: status,
      actual: status,
    });
  }
  expect(await api.contents()).toBe(before);
});

test('without a token a body is not even read', async () => {
  const answer = await send(api.url, 'POST', NEW, { 'content-type': 'application/xml' }, '<');
  expect(answer.status).toBe(401);
});

test.each([
  ['/v1/webhooks', () => developer.token],
  ['/v1/admin/dead-letters', () => ADMIN_TOKEN],
])('who calls %s in two names is nobody, whichever comes first', async (path, tokenOf) => {
  const host = ['Host', 'tripline.example'];
  const good = ['Authorization', `Bearer ${tokenOf()}`];
  const statusOf = async (...headers: string[]) => {
    const asked = request(api.url + path, { headers: [...host, ...headers] }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };
  expect(await statusOf(...good)).toBe(200);
  for (const other of ['Bearer nothing', good[1]!]) {
    expect(await statusOf(...good, 'authorization', other)).toBe(401);
    expect(await statusOf('authorization', other, ...good)).toBe(401);
  }
});

test('a body of unknown length is refused when it has become too large, and the refusal arrives', async () => {
  const part = Buffer.alloc(256 * 1024, 32);
  const response = await fetch(api.url + NEW, {
    method: 'POST',
    headers: { authorization: `Bearer ${developer.token}`, 'content-type': 'application/json' },
    body: ReadableStream.from(Array.from({ length: 40 }, () => part)),
    duplex: 'half',
  });
  expect(response.status).toBe(413);
});

test('a compressed body is read', async () => {
  const body = gzipSync(JSON.stringify({ service: 'signals', metricName: 'speed', condition: 'true' }));
  const answer = await developer.send(
    'POST',
    CHECK,
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body,
  );
  expect(answer.body).toMatchObject({ valid: true });
});

test('a client that goes away in the middle of its body changes nothing', async () => {
  const before = await api.contents();
  const head = `POST ${NEW} HTTP/1.1\r\nAuthorization: Bearer ${developer.token}\r\nContent-Type: application/json\r\nContent-Length: 500`;
  await api.raw(head);
  expect(await api.contents()).toBe(before);
});
