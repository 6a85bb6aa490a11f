import { z } from 'zod';
import type { OperationDefinition } from '../openapi-operation.js';
import { listSchema, pageQuery } from '../page.js';
import { newApiKeyRequest } from './api-key-fields.js';
import { apiKeyView } from './api-key-view.js';
import type { ApiKeyView } from './api-key-view.js';

const UNKNOWN = 'Your license has no API key with this id.';

export const apiKeyList = listSchema(apiKeyView).meta({ id: 'ApiKeyList' });

export const madeApiKey = z
  .object({
    key: z.string().meta({ description: 'For `Authorization: Bearer`. Shown this once: keep it.' }),
    ...apiKeyView.shape,
  })
  .meta({ id: 'ApiKeyMade' });
export type MadeApiKeyView = z.output<typeof madeApiKey>;

const example: ApiKeyView = {
  id: '019bc1b8-5c10-7c40-9f3e-5a1d2b3c4d5e',
  name: 'fleet dashboard',
  prefix: 'tl_live_4fPq0Z',
  scopes: ['webhooks:read', 'events:read'],
  status: 'active',
  createdBy: null,
  createdAt: '2026-01-15T12:00:00.000Z',
  expiresAt: '2027-01-15T12:00:00.000Z',
  lastUsedAt: null,
};

const keys = { tag: 'API keys', access: 'developer', scope: 'api-keys:manage' } as const;

export const listApiKeys: OperationDefinition = {
  ...keys,
  id: 'listApiKeys',
  summary: 'Lists the API keys of your license, newest first',
  description: 'Those that have expired or were revoked stay in the list for 90 days.',
  query: pageQuery,
  status: 200,
  answer: { description: 'One page.', schema: apiKeyList, example: { data: [example], next: null } },
};

export const makeApiKey: OperationDefinition = {
  ...keys,
  id: 'makeApiKey',
  idempotent: true,
  summary: 'Makes an API key',
  description:
    'A key may do what its scopes say, for your license, until it ends or is revoked. A key makes no key that may do ' +
    'more, or lasts longer, than itself.',
  body: {
    schema: newApiKeyRequest,
    examples: {
      reader: {
        summary: 'One that only looks',
        value: { name: 'fleet dashboard', scopes: ['webhooks:read', 'events:read'] },
      },
      manager: {
        summary: 'One for a deployment, until some day',
        value: { name: 'terraform', scopes: ['workspace:webhooks'], expiresAt: '2027-01-15T12:00:00Z' },
      },
    },
  },
  status: 201,
  headers: { Location: 'Path of the key.' },
  answer: {
    description: 'The key is made.',
    schema: madeApiKey,
    example: { key: 'tl_live_4fPq0Zk3Jx9bV7mYt2sWc8LdQe5RhUaGn1oBiMzKpXE', ...example },
  },
  problems: { 403: 'The calling key may not make such a key, or your license has as many as it may.' },
};

export const getApiKey: OperationDefinition = {
  ...keys,
  id: 'getApiKey',
  summary: 'Shows an API key',
  status: 200,
  answer: { description: 'Everything but the key itself.', schema: apiKeyView, example },
  problems: { 404: UNKNOWN },
};

export const revokeApiKey: OperationDefinition = {
  ...keys,
  id: 'revokeApiKey',
  summary: 'Revokes an API key',
  description:
    'It is refused from the next request on, and streams that it has open end. Revoking it again changes nothing. Keys ' +
    'that it made stay: look for them by `createdBy`. A key may revoke itself.',
  status: 204,
  problems: { 404: UNKNOWN },
};
