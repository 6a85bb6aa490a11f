import { hashApiKey, newApiKey, shownPartOf } from '../../access/api-key.js';
import { readScopes } from '../../core/scopes.js';
import type { Scope } from '../../core/scopes.js';
import type { MadeApiKey } from '../../store/api-keys.js';
import type { Actor } from '../../store/actor.js';
import { databaseNowMs } from '../../store/database-time.js';
import type { ApiParts } from '../api-parts.js';
import { keyRefused } from '../authenticator.js';
import { refuseField } from '../fields.js';
import { pageOf, pageRequest } from '../page.js';
import type { Page, PageQuery } from '../page.js';
import { parseUuid } from '../path.js';
import { apiKeyNotFound, insufficientScope, invalidFields, Problem } from '../problem.js';
import type { FieldError } from '../problem.js';
import { overQuota } from '../stock-limits.js';
import type { NewApiKeyRequest } from './api-key-fields.js';
import type { MadeApiKeyView } from './api-key-operations.js';
import { viewApiKey } from './api-key-view.js';
import type { ApiKeyView } from './api-key-view.js';

/** What developers can do with API keys. Every problem is thrown. */
export class ApiKeys {
  constructor(private readonly parts: Pick<ApiParts, 'apiKeys' | 'now'>) {}

  /** Newest first, those that are over too. */
  async list(license: string, query: PageQuery): Promise<Page<ApiKeyView>> {
    const asked = pageRequest(query, parseUuid);
    const found = await this.parts.apiKeys.list(license, { ...asked, limit: asked.limit + 1 });
    const { entries, next } = pageOf(found, asked.limit, ({ id }) => id);
    return { entries: entries.map(viewApiKey), next };
  }

  async get(license: string, id: string): Promise<ApiKeyView> {
    const key = await this.parts.apiKeys.get(license, id);
    if (key === undefined) throw apiKeyNotFound();
    return viewApiKey(key);
  }

  /** The answer is where the key itself stands; nothing keeps it but `IdempotentRequests`, sealed. */
  async create(actor: Actor, { name, scopes, expiresAt }: NewApiKeyRequest): Promise<MadeApiKeyView> {
    const wanted = requireScopes(scopes);
    if (expiresAt !== undefined && expiresAt <= (this.parts.now ?? databaseNowMs)()) {
      refuseField('#/expiresAt', 'expiresAt must be in the future');
    }
    const key = newApiKey();
    const made = await this.parts.apiKeys.create(actor, {
      name,
      hash: hashApiKey(key)!,
      shown: shownPartOf(key),
      scopes: wanted,
      ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
    });
    if (made.kind !== 'made') throw refusal(made);
    return { key, ...viewApiKey(made.key) };
  }

  /** A revoked one again is no mistake. */
  async revoke(actor: Actor, id: string): Promise<void> {
    if (!(await this.parts.apiKeys.revoke(actor, id))) throw apiKeyNotFound();
  }
}

function requireScopes(given: readonly string[]): Scope[] {
  const { scopes, errors } = readScopes(given);
  const [first, ...others] = errors.map(({ index, detail }): FieldError => {
    return { pointer: `#/scopes/${index}`, detail };
  });
  if (first) throw invalidFields([first, ...others]);
  return scopes;
}

function refusal(made: Exclude<MadeApiKey, { kind: 'made' }>): Problem {
  switch (made.kind) {
    case 'too_wide': {
      const detail = `A key makes no key that may do more than itself. The calling one lacks ${made.missing.join(', ')}.`;
      return insufficientScope(made.missing, detail);
    }
    case 'too_late': {
      const end = made.makerExpiresAt.toISOString();
      return new Problem(403, {
        kind: 'permission-denied',
        message: 'The key would outlive the one that makes it',
        detail: `A key makes no key that lasts longer than itself. The calling one ends at ${end}.`,
      });
    }
    case 'maker_ended':
      return keyRefused(made.status);
    case 'over_quota':
      return overQuota(made);
  }
}
