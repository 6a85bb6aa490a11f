import { createRequire } from 'node:module';
import type { INestApplication } from '@nestjs/common';
import { SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { IDEMPOTENCY_KEY_HEADER } from './idempotency-key.js';
import { limitReason, RATE_HEADERS } from './openapi-limits.js';
import { definitionOf } from './openapi-operation.js';
import type { OperationDefinition } from './openapi-operation.js';
import { curlSample } from './openapi-sample.js';
import { deniedReason, SECURITY_SCHEMES, securityOf } from './openapi-security.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

const SCHEMAS = '#/components/schemas/';

const problemBody = z
  .object({
    type: z.string().meta({ description: 'Names the kind of problem; about:blank says no more than the status.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What happened and what to do about it.' }),
    message: z.string().meta({ description: 'Short text, the same for all problems of its kind where it can be.' }),
    code: z.int().meta({ description: 'The status again.' }),
    errors: z
      .array(
        z.object({
          pointer: z.string().meta({ description: 'JSON pointer into the body, or the name of a parameter.' }),
          detail: z.string(),
        }),
      )
      .optional(),
    line: z.int().optional().meta({ description: 'Of a mistake in a condition or in the JSON, from 1.' }),
    column: z.int().optional().meta({ description: 'From 1, in UTF-16 units of the text as it was sent.' }),
    length: z.int().optional(),
    conditionCode: z.string().optional().meta({ description: 'Kind of mistake in a condition.' }),
    nearest: z.array(z.string()).optional().meta({ description: 'Names that are like an unknown one.' }),
    step: z
      .enum(['address', 'connect', 'tls', 'status', 'body', 'token'])
      .optional()
      .meta({ description: 'Where the handshake with a target failed.' }),
    limit: z.string().optional().meta({ description: 'The limit that is reached, by its name.' }),
    most: z.int().optional().meta({ description: 'What the limit is.' }),
  })
  .meta({ id: 'Problem' });

const DESCRIPTION = `Register webhooks with a condition over vehicle telemetry, subscribe vehicles to them, and receive a
signed CloudEvent whenever a condition holds.

Every request needs a developer's JWT or an API key, either as \`Authorization: Bearer\`; a license sees its own
webhooks only. A JWT may do everything, an API key what its scopes say: each operation names the one that it needs.
Errors are RFC 9457 problems. Names of JSON members may be written in any letter case, null means "not given", unknown
members are ignored and named in \`warnings\`. Lists answer whole; with \`limit\` or \`cursor\` they answer a page, and
the \`Link\` header names the next one. Requests that make something take an \`Idempotency-Key\`.`;

const KEY_MEANING =
  'Makes the request safe to repeat for 24 hours: repeated with this key and the same body it does nothing and gets the ' +
  'same answer again, also a refusal. After 429, 5xx and a limit that was reached it runs anew.';

const PATH_PARAMETERS: Readonly<Record<string, { description: string; example: string }>> = {
  id: { description: 'The webhook, by its id.', example: '3dfc572a-ea31-4e8e-8685-29fb4a24d0c2' },
  did: {
    description: 'The vehicle, by its DID, as it is or percent-encoded.',
    example: 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345',
  },
  license: {
    description: 'The developer license, by its address.',
    example: '0xF26421509Efe92861a587482100c6d728aBf1CD0',
  },
};

/** What `{id}` means after these words. */
const IDS: Readonly<Record<string, { description: string; example: string }>> = {
  endpoints: { description: 'The endpoint, by its id.', example: '019a3f6e-7c00-7b2e-9d55-0c9e6f1a2b3c' },
  deliveries: { description: 'The delivery, by its id.', example: '019a3f6e-7c01-8b2e-9d55-0c9e6f1a2b3c' },
  operations: { description: 'The operation, by its id.', example: '5b0f7c1e-6a5c-4c7f-a5a0-7d9f0a8f2b61' },
  'api-keys': { description: 'The key, by its id.', example: '019bc1b8-5c10-7c40-9f3e-5a1d2b3c4d5e' },
  events: { description: 'The log event, by its id.', example: '019a3f6e-7c00-8b2e-9d55-4f1a2b3c0c9e' },
};

const BASE: Omit<OpenAPIObject, 'paths'> = {
  openapi: '3.1.0',
  info: { title: 'Tripline', version, description: DESCRIPTION },
  servers: [{ url: '/' }],
  tags: [
    { name: 'Webhooks', description: 'A metric, a condition, and where to send what it finds.' },
    { name: 'Endpoints', description: 'Targets that webhooks share, and that log events can be sent to.' },
    { name: 'Subscriptions', description: 'Which vehicles a webhook watches.' },
    { name: 'Operations', description: 'Calls about many vehicles that go on after their answer.' },
    { name: 'Conditions', description: 'To check and try conditions.' },
    { name: 'Catalogue', description: 'What can be watched.' },
    { name: 'State', description: 'What webhooks remember of vehicles.' },
    { name: 'Deliveries', description: 'What was sent, what became of it, and sending it again.' },
    { name: 'Events', description: 'What happened: the event log, as a list and as a stream.' },
    { name: 'API keys', description: 'For programs: what they may do, until when, and an end to it.' },
    { name: 'Administration', description: 'For operators, with the admin token.' },
    { name: 'Service' },
  ],
};

/**
 * The OpenAPI 3.1 document of an application's routes. Nest tells paths and methods; everything else is said by
 * `@Operation` and the zod schemas. Throws for a route that nothing describes.
 */
export function createDocument(app: INestApplication): OpenAPIObject {
  const scanned = SwaggerModule.createDocument(app, BASE, { standardSchemaConverter: () => ({ schema: {} }) });
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [path, item] of Object.entries(scanned.paths)) {
    for (const [method, operation] of Object.entries(item as Record<string, { operationId?: string }>)) {
      (paths[path] ??= {})[method] = describeOperation(path, method, definitionOf(operation.operationId));
    }
  }
  return {
    ...BASE,
    paths: paths,
    components: {
      schemas: namedSchemas() as never,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

function describeOperation(path: string, method: string, definition: OperationDefinition): Record<string, unknown> {
  const { id, tag, summary, description, access, body } = definition;
  const example = Object.values(body?.examples ?? {})[0]?.value;
  const source = curlSample({ path: filledPath(path), method, access, example });
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: `${description ? `${description}\n\n` : ''}\`\`\`sh\n${source}\n\`\`\``,
    ...securityOf(definition),
    parameters: [...pathParameters(path), ...queryParameters(definition.query), ...headerParameters(definition)],
    ...(body && {
      requestBody: {
        required: body.isOptional !== true,
        content: { 'application/json': { schema: reference(body.schema), examples: body.examples } },
      },
    }),
    responses: { [definition.status]: success(definition), ...later(definition), ...problems(definition) },
    'x-codeSamples': [{ lang: 'Shell', label: 'curl', source }],
  };
}

function headerParameters({ idempotent, requestHeaders = {} }: OperationDefinition): unknown[] {
  const own = Object.entries(requestHeaders).map(([name, { description, example }]) => {
    return { name, in: 'header', required: false, description, schema: { type: 'string' }, example };
  });
  return idempotent ? [...own, keyParameter()] : own;
}

function keyParameter(): unknown {
  const schema = { type: 'string', minLength: 1, maxLength: 255 };
  const example = '0d1f5c1e-6a5c-4c7f-a5a0-7d9f0a8f2b61';
  return { name: IDEMPOTENCY_KEY_HEADER, in: 'header', required: false, description: KEY_MEANING, schema, example };
}

function success(definition: OperationDefinition): Record<string, unknown> {
  const { answer, headers, id } = definition;
  const mediaType = id === 'getRoot' ? 'text/plain' : (answer?.mediaType ?? 'application/json');
  return {
    description: answer?.description ?? 'Done.',
    headers: successHeaders(definition, headers),
    ...(answer && { content: { [mediaType]: { schema: reference(answer.schema), example: answer.example } } }),
  };
}

function later(definition: OperationDefinition): Record<string, unknown> {
  const { later: answer } = definition;
  if (answer === undefined) return {};
  const content = { 'application/json': { schema: reference(answer.schema), example: answer.example } };
  return {
    202: {
      description: answer.description,
      headers: successHeaders(definition, { Location: 'The operation.' }),
      content,
    },
  };
}

/** Those of every success of an operation, and its own. */
function successHeaders(
  { access, idempotent }: OperationDefinition,
  own: Readonly<Record<string, string>> = {},
): Record<string, unknown> {
  const replayed = idempotent
    ? { 'Idempotency-Replayed': header('`true` when this is the answer of an earlier request.') }
    : {};
  const all = { ...(access === 'developer' ? RATE_HEADERS : {}), ...own };
  const named = Object.entries(all).map(([name, description]) => [name, header(description)] as const);
  return { 'X-Request-Id': header('Names the request in our logs.'), ...replayed, ...Object.fromEntries(named) };
}

function problems(definition: OperationDefinition): Record<string, unknown> {
  const { access, body, query, idempotent, problems: own } = definition;
  const reasons: Record<number, string | undefined> = {
    ...(access === 'anyone' ? {} : { 400: 'A parameter or field is wrong.', 401: 'The token is missing or bad.' }),
    ...(access === 'developer'
      ? { 403: deniedReason(definition), 503: 'The token cannot be verified at the moment.' }
      : {}),
    ...(body ? { 413: 'The body is too large.', 415: 'The body is not JSON.' } : {}),
    ...(query ? { 400: 'A parameter is wrong.' } : {}),
    ...own,
    ...(access === 'developer' && own?.[403] ? { 403: joined(own[403], deniedReason(definition)) } : {}),
    ...(access === 'developer' ? { 429: limitReason(definition) } : {}),
    ...(idempotent
      ? {
          409: joined(own?.[409], 'The first request with this `Idempotency-Key` is still running.'),
          422: joined(own?.[422], 'The `Idempotency-Key` was used for another request.'),
        }
      : {}),
  };
  const content = { 'application/problem+json': { schema: reference(problemBody) } };
  return Object.fromEntries(Object.entries(reasons).map(([status, description]) => [status, { description, content }]));
}

/** Two reasons for one status. */
function joined(own: string | undefined, added: string): string {
  return own === undefined ? added : `${own} ${added}`;
}

function pathParameters(path: string): unknown[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => {
    const { example, ...parameter } = PATH_PARAMETERS[name]!;
    const description = name === 'id' ? `The ${ownerOfId(path)}, by its id.` : parameter.description;
    return { name, in: 'path', required: true, description, schema: { type: 'string' }, example };
  });
}

/** What `{id}` in a path is the id of. */
function ownerOfId(path: string): string {
  const [, , resource = ''] = path.split('/');
  return ID_OWNERS[resource] ?? 'webhook';
}

const ID_OWNERS: Readonly<Record<string, string>> = {
  deliveries: 'delivery',
  events: 'event',
  endpoints: 'endpoint',
  operations: 'operation',
  'api-keys': 'key',
};

function queryParameters(query: z.ZodObject | undefined): unknown[] {
  if (query === undefined) return [];
  const { properties = {} } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}

function filledPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, (_whole, name: string) => parameterOf(path, name).example);
}

function parameterOf(path: string, name: string): { description: string; example: string } {
  const [, resource = ''] = /^\/v1\/([\w-]+)\/\{id\}/.exec(path) ?? [];
  return (name === 'id' ? IDS[resource] : undefined) ?? PATH_PARAMETERS[name]!;
}

function header(description: string): unknown {
  return { description, schema: { type: 'string' } };
}

/** Named schemas are referred to, others stand where they are used. */
function reference(schema: z.ZodType): unknown {
  const name = z.globalRegistry.get(schema)?.id;
  if (name !== undefined) return { $ref: SCHEMAS + name };
  if (schema instanceof z.ZodArray) return { type: 'array', items: reference(schema.element as z.ZodType) };
  return withoutDialect(z.toJSONSchema(schema, { io: 'input' }));
}

/** Every schema of this API that has a name, as JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. */
function namedSchemas(): Record<string, unknown> {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { io: 'input', uri: (name) => SCHEMAS + name });
  const entries = Object.entries(schemas).map(([name, schema]) => [name, withoutDialect(schema)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The document says once for all schemas what these members say of each. */
function withoutDialect(schema: object): object {
  return Object.fromEntries(Object.entries(schema).filter(([member]) => !['$schema', '$id', 'id'].includes(member)));
}
