/**
 * Targets that lead where no developer may make us go, tried in every way that ends in a request to a target. Whatever
 * is no loopback address is only dialled for the record, so that a guard that fails sends nothing to anybody.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, type Authority } from '../dev/certificates.js';
import { silentLog } from '../src/observability/log.js';
import { AddressGuard } from '../src/target/address-guard.js';
import { Handshake } from '../src/target/handshake.js';
import { TargetClient } from '../src/target/http-client.js';
import { createResolver } from '../src/target/name-resolver.js';
import { TestApi, type Answer, type ApiDeveloper } from './support/api.js';
import { EgressProxy } from './support/egress-proxy.js';
import { deliverTo } from './support/hostile-deliveries.js';
import { Canaries, RecordingDial } from './support/hostile-network.js';
import { HOSTILE_ROWS, type HostileRow } from './support/hostile-rows.js';
import { startHttpsTarget, type HttpsTarget } from './support/https-target.js';
import { NameServer } from './support/name-server.js';

const TOKEN = 'abc';
const PROOF = { verificationToken: TOKEN };
/** Public for the guard; only ever recorded. */
const PUBLIC = '93.184.215.14';
/** One sentence for all, so that nobody learns what stands where. */
const BLOCKED = 'The target is no https URL of a public address, or its port is for another protocol.';
const NOT_PROVEN = 'The target URL does not lead to a public address, or its port is for another protocol.';
/** A license may send so many ms after a test event the next one. */
const TEST_INTERVAL_MS = 1_000;

let authority: Authority;
let canaries: Canaries;
let names: NameServer;
let recording: RecordingDial;
let own: HttpsTarget;
let client: TargetClient;
let api: TestApi;
let developer: ApiDeveloper;
let proxy: EgressProxy;
let throughProxy: TargetClient;
let unguarded: TargetClient;
let webhookId: string;
let endpointId: string;
/** What the API takes as now is so far ahead of the real time. */
let aheadMs = 0;

/** A client with the real resolver, asking the name server of this spec, that records whom it dials. */
function clientFor(allow: string[], proxyUrl?: string): TargetClient {
  return new TargetClient({
    guard: new AddressGuard({ allow }),
    timeoutMs: 5_000,
    connectionsPerOrigin: 4,
    ca: authority.caPem,
    resolve: createResolver({
      servers: [names.address],
      system: () => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' })),
    }),
    dial: recording.dial,
    proxyUrl,
    log: silentLog,
  });
}

beforeAll(async () => {
  [authority, canaries, names] = await Promise.all([createAuthority(), Canaries.start(), NameServer.start()]);
  recording = new RecordingDial();
  own = await startHttpsTarget(authority, (_request, response) => response.end(TOKEN));
  client = clientFor([`127.0.0.1:${own.port}`]);
  proxy = await EgressProxy.start(() => ({ refuses: 502 }));
  throughProxy = clientFor([], proxy.url());
  unguarded = clientFor(['0.0.0.0/0', '::/0']);
  api = await TestApi.start({ handshake: new Handshake({ client }), client, now: () => Date.now() + aheadMs });
  developer = await api.developer();
  webhookId = await developer.register({ targetURL: own.url('/own'), ...PROOF });
  const made = await developer.call('POST', '/v1/endpoints', { url: own.url('/own'), ...PROOF });
  endpointId = made.body.id as string;
  recording.dialled.length = 0;
}, 60_000);

afterEach(() => {
  recording.dialled.length = 0;
  canaries.connections.length = 0;
  proxy.connects.length = 0;
});

afterAll(async () => {
  await api.stop();
  await Promise.all([client.close(), throughProxy.close(), unguarded.close()]);
  await proxy.stop();
  await own.stop();
  names.stop();
  canaries.stop();
});

/** The row's URL, with its name known to the name server. */
function prepared({ url, answers }: HostileRow): string {
  const text = url.replace('PORT', String(canaries.port));
  if (answers) names.know(new URL(text).hostname.replace(/\.$/, ''), ...answers);
  return text;
}

/** A target past the door: as if it had been accepted when the rules, or its name, were others. */
async function store(url: string): Promise<void> {
  const sql = `update endpoints set url = $1 where id = (select endpoint_id from triggers where id = $2)`;
  await api.database.pool.query(sql, [url, webhookId]);
}

/** Refuses with one problem, that of the URL, and in the same words whatever stands there. */
function expectRefusal({ status, body }: Answer, { isNoTarget }: HostileRow, pointer: string): void {
  const { step, detail, errors } = body as { step: unknown; detail: unknown; errors: { pointer: string }[] };
  const expected = isNoTarget ? [400, undefined, detail] : [400, 'address', NOT_PROVEN];
  expect([[status, step, detail], errors.map((one) => one.pointer)]).toEqual([expected, [pointer]]);
}

const WAYS: Record<string, (url: string, row: HostileRow) => Promise<void>> = {
  'POST /v1/webhooks': async (url, row) => {
    const answer = await developer.call('POST', '/v1/webhooks', developer.webhook({ targetURL: url }));
    expectRefusal(answer, row, '#/targetURL');
  },
  'PUT /v1/webhooks/{id}': async (url, row) => {
    const change = { targetURL: url, ...PROOF };
    expectRefusal(await developer.call('PUT', `/v1/webhooks/${webhookId}`, change), row, '#/targetURL');
  },
  'POST /v1/webhooks/{id}/verify': async (url) => {
    await store(url);
    const { status, body } = await developer.call('POST', `/v1/webhooks/${webhookId}/verify`, PROOF);
    expect([status, body.step, body.detail]).toEqual([400, 'address', NOT_PROVEN]);
  },
  'POST /v1/webhooks/{id}/test': async (url) => {
    await store(url);
    aheadMs += TEST_INTERVAL_MS;
    const { status, body } = await developer.call('POST', `/v1/webhooks/${webhookId}/test`);
    expect([status, body.status, body.statusCode, body.error]).toEqual([200, 'failed', null, BLOCKED]);
  },
  'POST /v1/endpoints': async (url, row) => {
    expectRefusal(await developer.call('POST', '/v1/endpoints', { url, ...PROOF }), row, '#/url');
  },
  'PUT /v1/endpoints/{id}': async (url, row) => {
    expectRefusal(await developer.call('PUT', `/v1/endpoints/${endpointId}`, { url, ...PROOF }), row, '#/url');
  },
  'a request through the proxy': async (url) => {
    const answer = await throughProxy.post({ url, headers: {}, body: '{}', maxAnswerBytes: 100 });
    expect(answer).toMatchObject({ kind: 'failed', reason: 'blocked', stage: 'connect', message: BLOCKED });
  },
};

/** Each row under a name that can be read. */
const TITLED = HOSTILE_ROWS.map((row): [string, HostileRow] => [
  `${JSON.stringify(row.url.slice(0, 60))}${row.answers ? ` at ${row.answers[0]!.slice(-3).join(', ')}` : ''}`,
  row,
]);

function expectNothingSent(): void {
  const seen = { dialled: recording.dialled, canaries: canaries.connections, proxy: proxy.connects };
  expect(seen).toEqual({ dialled: [], canaries: [], proxy: [] });
}

/** Shared endpoints are judged by the code that judges webhooks: for them a part of the table will do. */
const rowsFor = (way: string) => TITLED.filter((_row, index) => index % 5 === 0 || !way.includes('/v1/endpoints'));

describe.each(Object.keys(WAYS))('%s sends nothing to', (way) => {
  test.each(rowsFor(way))('%s', async (_title, row) => {
    await WAYS[way]!(prepared(row), row);
    expectNothingSent();
  });
});

test('no delivery goes to any of them', async () => {
  const outcomes = await deliverTo(HOSTILE_ROWS.map(prepared), client);
  const told = outcomes.map((outcome, index) => `${outcome}: ${HOSTILE_ROWS[index]!.url}`);
  expect(told).toEqual(HOSTILE_ROWS.map(({ url }) => `blocked: ${url}`));
  expectNothingSent();
});

test('none of them was stored', async () => {
  await store(own.url('/own'));
  const { body } = await developer.call('GET', '/v1/webhooks');
  expect((body as { targetURL: string }[]).map(({ targetURL }) => targetURL)).toEqual([own.url('/own')]);
});

describe('the table can fail', () => {
  test('it has all its rows', () => expect(HOSTILE_ROWS.length).toBeGreaterThanOrEqual(60));

  test.each(TITLED.filter(([, row]) => !row.isNoTarget))('without a guard, %s is dialled', async (_title, row) => {
    const answer = await unguarded.post({ url: prepared(row), headers: {}, body: '{}', maxAnswerBytes: 100 });
    expect(answer.kind).toBe('failed');
    expect(recording.dialled).not.toEqual([]);
    const reachesCanary = recording.dialled.every((dialled) => canaries.places.includes(dialled));
    if (reachesCanary) expect(canaries.connections).not.toEqual([]);
  });

  test('what is opened gets the proof asked for, the test event and the delivery', async () => {
    await store(own.url('/own'));
    aheadMs += TEST_INTERVAL_MS;
    const path = `/v1/webhooks/${webhookId}`;
    const verified = await developer.call('POST', `${path}/verify`, PROOF);
    const tested = await developer.call('POST', `${path}/test`);
    expect([verified.status, tested.body.status]).toEqual([200, 'delivered']);
    expect(await deliverTo([own.url('/own')], client)).toEqual(['delivered']);
  });

  test('a public address is dialled, and only recorded', async () => {
    names.know('public.example', [PUBLIC]);
    const answer = await developer.call(
      'POST',
      '/v1/webhooks',
      developer.webhook({ targetURL: 'https://public.example/' }),
    );
    expect([answer.status, answer.body.step]).toEqual([400, 'connect']);
    expect(recording.dialled).toEqual([`${PUBLIC} 443`]);
  });
});

describe('a name that leads elsewhere the second time', () => {
  let good: HttpsTarget;
  let inner: HttpsTarget;
  let rebinding: TargetClient;
  let url: string;

  beforeAll(async () => {
    const hosts = ['rebinding.example'];
    // Without connections that are kept, each request resolves the name anew.
    good = await startHttpsTarget(
      authority,
      (_request, response) => response.setHeader('connection', 'close').end(TOKEN),
      { hosts },
    );
    inner = await startHttpsTarget(authority, (_request, response) => response.end(TOKEN), {
      hosts,
      address: '127.0.0.2',
      port: good.port,
    });
    rebinding = clientFor([`127.0.0.1:${good.port}`]);
    url = good.url('/', 'rebinding.example');
  });

  afterAll(async () => {
    await rebinding.close();
    await Promise.all([good.stop(), inner.stop()]);
  });

  const post = () => rebinding.post({ url, headers: {}, body: '{}', maxAnswerBytes: 100 });

  test('is asked for once in a connection, which goes to what was judged', async () => {
    names.know('rebinding.example', ['127.0.0.1'], ['127.0.0.2']);
    names.asked.length = 0;
    expect(await post()).toMatchObject({ kind: 'answered', statusCode: 200 });
    expect(names.asked.sort()).toEqual(['rebinding.example 1', 'rebinding.example 28']);
    expect(recording.dialled).toEqual([`127.0.0.1 ${good.port}`]);
  });

  test('is judged anew in the next connection', async () => {
    names.know('rebinding.example', ['127.0.0.1'], ['127.0.0.2'], ['127.0.0.1', '127.0.0.2'], ['127.0.0.1']);
    names.asked.length = 0;
    const answers = [await post(), await post(), await post(), await post()];
    expect(answers.map((answer) => (answer.kind === 'failed' ? answer.reason : answer.statusCode))).toEqual([
      200,
      'blocked',
      'blocked',
      200,
    ]);
    expect(inner.connections()).toBe(0);
  });
});
