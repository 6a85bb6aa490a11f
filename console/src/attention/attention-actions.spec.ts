import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ATTENTION_KINDS, lookOf, mendingOf, MENDING_OPERATIONS, scopeOf } from './attention-actions.js';

interface Document {
  paths: Record<string, Record<string, { operationId: string }>>;
  components: { schemas: { Attention: { properties: { kind: { enum: string[] } } } } };
}
const ROOT = new URL('../../../', import.meta.url);
const document = JSON.parse(readFileSync(new URL('docs/openapi.json', ROOT), 'utf8')) as Document;
const operations = Object.values(document.paths).flatMap((path) => Object.values(path).map((one) => one.operationId));
const id = '019a3f6e-7c00-7b2e-9d55-0c9e6f1a2b3c';
const action = (
  operationId: string,
  parameters: Record<string, string>,
  body: Record<string, unknown> | null = null,
) => ({
  action: { operationId, label: 'Do it', parameters, body },
});

/** The operations that the overview's own code names, in one of its two ways. */
function emitted(): string[] {
  const folder = new URL('src/api/overview/', ROOT);
  const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
  const text = sources.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');
  const named = text.matchAll(/(?:operationId: |actionOf\()'(\w+)'/g);
  return [...new Set([...named].map(([, name]) => name!))].sort();
}

test('each kind of line that the document has is known, and no other', () => {
  expect(ATTENTION_KINDS).toEqual(document.components.schemas.Attention.properties.kind.enum);
});

test('each operation that the overview can name has a button or a link', () => {
  expect(emitted().length).toBeGreaterThan(7);
  expect(emitted().filter((name) => !MENDING_OPERATIONS.includes(name))).toEqual([]);
});

test('each operation that a button is known for is in the document', () => {
  expect(MENDING_OPERATIONS.filter((name) => !operations.includes(name))).toEqual([]);
});

describe('what a line says to do', () => {
  const of = { kind: 'endpoint', id } as const;
  const since = '2026-01-15T11:00:00.000Z';
  test.each([
    [action('testWebhook', { id }, {}), { kind: 'test', of: { kind: 'webhook', id } }],
    [action('testEndpoint', { id }, {}), { kind: 'test', of }],
    [action('patchEndpoint', { id }, { enabled: true }), { kind: 'switch-on', of }],
    [
      action('patchWebhook', { id }, { targetURL: 'https://x.example' }),
      { kind: 'link', way: { to: '/webhooks/$id', params: { id } } },
    ],
    [
      action('recoverEndpoint', { id }, { since, statuses: ['held'] }),
      { kind: 'recover', of, recovery: { since, statuses: ['held'] } },
    ],
    [action('recoverEndpoint', { id }), { kind: 'link', way: { to: '/deliveries', search: { endpoint: id } } }],
    [action('subscribeAll', { id }), { kind: 'subscribe-all', webhookId: id }],
    [
      action('listDeliveries', { endpointId: id, status: 'pending' }),
      { kind: 'link', way: { to: '/deliveries', search: { endpoint: id, status: 'pending' } } },
    ],
    [
      action('listEvents', { type: 'condition.failed', webhookId: id }),
      { kind: 'link', way: { to: '/events', search: { type: 'condition.failed', webhook: id } } },
    ],
    [action('getMe', {}), { kind: 'limits' }],
  ])('%j is %j', (line, mending) => expect(mendingOf(line)).toEqual(mending));

  test.each([[{ action: null }], [action('notThereYet', {})]])('nothing is %j', (line) => {
    expect(mendingOf(line)).toBeUndefined();
  });
});

test.each([
  ['/deliveries', 'events:read'],
  ['/events', 'events:read'],
  ['/webhooks/$id/edit', 'webhooks:manage'],
  ['/webhooks/$id', undefined],
] as const)('to go to %s takes %s', (to, scope) => expect(scopeOf({ to })).toBe(scope));

test('a closer look is at what the line is about, the webhook before its endpoint', () => {
  const about = { kind: 'deliveries_held', endpointId: 'e' } as const;
  expect([
    lookOf({ ...about, webhookId: 'w' })?.way.search,
    lookOf({ ...about, webhookId: null })?.way.search,
    lookOf({ kind: 'condition_failing', webhookId: 'w', endpointId: 'e' })?.way.to,
    lookOf({ kind: 'quota_near', webhookId: null, endpointId: null }),
  ]).toEqual([{ webhook: 'w', status: 'held' }, { endpoint: 'e', status: 'held' }, '/webhooks/$id/edit', undefined]);
});
