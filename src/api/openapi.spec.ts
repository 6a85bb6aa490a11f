import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { each, send, TestApi, vehicle, type ApiDeveloper, type Answer } from '../../test/support/api.js';
import { addEvent, addSettled } from '../../test/support/log-rows.js';
import { newLogId } from '../store/log-id.js';
import { OperationStore } from '../store/operations.js';
import { definitionOf, type OperationDefinition } from './openapi-operation.js';
import { printDocument } from './openapi-print.js';

const printed = await printDocument();

interface DocumentedOperation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  parameters: { name: string; in: string; schema: object }[];
  responses: Record<string, { description: string }>;
  'x-codeSamples': [{ source: string }];
}

const document = JSON.parse(printed) as {
  tags: { name: string }[];
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: object };
};

interface Route {
  path: string;
  method: string;
  operation: DocumentedOperation;
  definition: OperationDefinition;
}

const routes: Route[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => {
    return { path, method, operation, definition: definitionOf(operation.operationId) };
  }),
);
const named = routes.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route] as const);

let api: TestApi;
let developer: ApiDeveloper;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

describe('the document', () => {
  test('is OpenAPI 3.1 and says nothing of this machine', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Tripline', version: expect.any(String) } });
    expect(printed).not.toMatch(/localhost|127\.0\.0\.1|\/home\//);
  });

  test('is what a running server answers', async () => {
    for (const path of ['/openapi.json', '/swagger/doc.json']) {
      expect((await send(api.url, 'GET', path)).body).toEqual(document);
    }
  });

  test('is the one in the repository, once there is one', () => {
    const path = 'docs/openapi.json';
    if (existsSync(path)) expect(readFileSync(path, 'utf8')).toBe(printed);
  });

  test('refers to nothing that is not there, and has nothing that nobody refers to', () => {
    const references = new Set(
      [...printed.matchAll(/"\$ref": "#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name),
    );
    expect([...references].sort()).toEqual(Object.keys(document.components.schemas).sort());
    expect(printed.match(/"\$ref": "(?!#\/components\/schemas\/)/)).toBeNull();
  });

  test('names each operation once', () => {
    const ids = routes.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has the thirteen operations of the original', () => {
    const vehicles = '/v1/webhooks/vehicles/{did}';
    const paths = routes.map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    expect(paths).toEqual(
      expect.arrayContaining([
        ...['GET /v1/webhooks', 'POST /v1/webhooks', 'GET /v1/webhooks/signals', `GET ${vehicles}`],
        ...['GET', 'PUT', 'DELETE'].map((method) => `${method} /v1/webhooks/{id}`),
        ...['{did}', 'list', 'all'].map((which) => `POST /v1/webhooks/{id}/subscribe/${which}`),
        ...['{did}', 'list', 'all'].map((which) => `DELETE /v1/webhooks/{id}/unsubscribe/${which}`),
      ]),
    );
  });
});

describe.each(named)('%s', (_name, { path, method, operation, definition }) => {
  test('is described completely', () => {
    expect(operation.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(each(document.tags, 'name')).toContain(operation.tags[0]);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const described = operation.parameters.filter((parameter) => parameter.in === 'path');
    expect(each(described, 'name')).toEqual(inPath);
    for (const parameter of operation.parameters) expect(parameter).toMatchObject({ schema: expect.any(Object) });
    for (const answer of Object.values(operation.responses)) expect(answer.description).toMatch(/./);
  });

  test('has a sample for the shell that asks for this path', () => {
    const [{ source }] = operation['x-codeSamples'];
    expect(operation.description).toContain(source);
    expect(source).toMatch(/^curl /);
    expect(source).toContain(path.split('{')[0]);
    if (method !== 'get') expect(source).toContain(`-X ${method.toUpperCase()}`);
  });

  test('lets nobody in without a token, unless it is open', async () => {
    const answer = await send(
      api.url,
      method.toUpperCase(),
      filled(path, vehicle(1), '00000000-0000-4000-8000-000000000000'),
    );
    if (definition.access === 'anyone') expect(answer.status).toBe(definition.status);
    else expect(answer.status).toBe(401);
  });

  test('has an example of its answer that fits', () => {
    if (!definition.answer) return;
    expect(fits(definition, definition.answer.example)).toEqual(definition.answer.example);
  });

  const examples: [string, unknown][] = definition.body
    ? Object.entries(definition.body.examples).map(([name, { value }]) => [name, value])
    : [['without a body', undefined]];
  test.each(examples)('answers as described: %s', async (_example, value) => {
    const answer = await tryOut(path, method, definition, value);
    expect([answer.status, answer.body?.errors]).toEqual([definition.status, undefined]);
    if (definition.answer && answer.body !== undefined) expect(fits(definition, answer.body)).toEqual(answer.body);
    for (const header of Object.keys(definition.headers ?? {})) expect(answer.headers.get(header)).toMatch(/./);
  });
});

/** What the schema makes of a value: the value itself, when nothing in it is undocumented. */
function fits({ answer }: OperationDefinition, value: unknown): unknown {
  return answer!.schema.parse(value);
}

/** Sends an example, by a new developer who has a webhook and a vehicle for it. */
async function tryOut(path: string, method: string, definition: OperationDefinition, value: unknown): Promise<Answer> {
  developer = await api.developer();
  const id = await developer.register();
  await developer.grant([vehicle(12345)]);
  const target = filled(path, vehicle(12345), await idFor(path, id)).replace('{license}', developer.license);
  const body = value === undefined ? undefined : await withReachable(value as Record<string, unknown>);
  if (definition.answer?.mediaType === 'text/event-stream') return beginningOf(target);
  if (definition.access === 'admin') return api.admin(method.toUpperCase(), target, body);
  return developer.call(method.toUpperCase(), target, body);
}

/** The id of what the path is about, of this developer. */
async function idFor(path: string, webhookId: string): Promise<string> {
  if (path.startsWith('/v1/events/')) return (await developer.call('GET', '/v1/events')).body.data[0].id as string;
  if (path.startsWith('/v1/endpoints/')) return sharedEndpoint();
  if (path.startsWith('/v1/api-keys/')) return (await developer.withKey()).keyId;
  if (path.startsWith('/v1/operations/')) return keptOperation(webhookId);
  if (!path.startsWith('/v1/deliveries/')) return webhookId;
  const { pool } = api.database;
  const event = await addEvent(pool, { license: developer.license, triggerId: webhookId });
  const endpointId = String((await developer.config(webhookId)).endpointId);
  return (await addSettled(pool, 'failed', { endpointId, event })).id;
}

/** A call that nobody has gone on with yet. */
async function keptOperation(triggerId: string): Promise<string> {
  const call = { kind: 'subscribe' as const, actor: { license: developer.license, requestId: 'spec' }, triggerId };
  const progress = { place: 0, done: 0, changed: 0, already: 0, failed: [], failedCount: 0 };
  const state = { call, eventId: newLogId(), progress, total: 1 };
  return (await new OperationStore(api.database).create(state, [vehicle(1)])).id;
}

/** The answer to what does not end by itself, without its body. */
async function beginningOf(path: string): Promise<Answer> {
  const stopping = new AbortController();
  const headers = { authorization: `Bearer ${developer.token}` };
  const { status, headers: answered } = await fetch(api.url + path, { headers, signal: stopping.signal });
  stopping.abort();
  return { status, headers: answered, text: '', body: undefined };
}

/**
 * The hosts of the examples are nobody's: a target of our own takes their place, with the example's token. A token
 * alone is for the target that is there already.
 */
async function withReachable(body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { targetURL, url, endpointId, verificationToken: token } = body;
  const reachable = api.target.url(`/token/${token as string}`);
  return {
    ...body,
    ...(targetURL === undefined ? {} : { targetURL: reachable }),
    ...(url === undefined ? {} : { url: reachable }),
    ...(endpointId === undefined ? {} : { endpointId: await sharedEndpoint() }),
    ...(token !== undefined && (targetURL ?? url) === undefined ? { verificationToken: 'abc' } : {}),
  };
}

async function sharedEndpoint(): Promise<string> {
  const fields = { url: api.target.url('/token/abc'), verificationToken: 'abc' };
  return (await developer.call('POST', '/v1/endpoints', fields)).body.id as string;
}

function filled(path: string, did: string, id: string): string {
  return path.replace('{id}', id).replace('{did}', did);
}
