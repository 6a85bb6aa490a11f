import type { OperationDefinition } from './openapi-operation.js';

/** How callers say who they are. */
export const SECURITY_SCHEMES = {
  developer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: "A developer license's JWT: `Authorization: Bearer eyJ…`. It may do everything.",
  },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'tl_live_…',
    description:
      'An API key, made with `POST /v1/api-keys`: `Authorization: Bearer tl_live_…`. It may do what its scopes say.',
  },
  admin: { type: 'http', scheme: 'bearer', description: 'The admin token of the installation.' },
} as const;

/** Who may call an operation, and the scope that a key needs for it. */
export function securityOf({ access, scope }: OperationDefinition): Record<string, unknown> {
  switch (access) {
    case 'anyone':
      return { security: [] };
    case 'admin':
      return { security: [{ admin: [] }] };
    case 'developer':
      return {
        // OpenAPI 3.1 takes scopes for any kind of scheme.
        security: [{ developer: [] }, { apiKey: scope ? [scope] : [] }],
        ...(scope ? { 'x-required-scope': scope } : {}),
      };
  }
}

const GATED = 'Or its limit of webhooks is 0: nothing is sent.';

/** Why a developer who is known may still be refused. */
export function deniedReason({ scope, isProbe }: OperationDefinition): string {
  const license = 'The token is not of a developer license';
  const denied = scope ? `${license}, or the API key lacks the scope \`${scope}\`.` : `${license}.`;
  return isProbe ? `${denied} ${GATED}` : denied;
}
