import { nearestNames } from './catalog.js';

/** What a caller may be allowed, each by itself: none of them implies another. */
export const SCOPES = {
  'webhooks:read': 'See webhooks, endpoints, subscriptions, what webhooks remember and count, and the catalogue.',
  'webhooks:manage': 'Change webhooks, endpoints and subscriptions, and have something sent: tests, resends.',
  'events:read': 'See the event log, deliveries and the stream.',
  'api-keys:manage': 'See, make and revoke API keys.',
} as const;

export type Scope = keyof typeof SCOPES;

/** All of them, in the order in which they are stored and shown. */
export const ALL_SCOPES = Object.keys(SCOPES) as Scope[];

/** Names that other systems have for the same. */
const ALIASES: Readonly<Record<string, readonly Scope[]>> = {
  'platform:webhooks:read': ['webhooks:read'],
  'platform:webhooks:manage': ['webhooks:manage'],
  'platform:events:read': ['events:read'],
  'workspace:webhooks': ['webhooks:read', 'webhooks:manage'],
};

/** Every name that `readScopes` takes. */
export const SCOPE_NAMES: readonly string[] = [...ALL_SCOPES, ...Object.keys(ALIASES)];

export interface ReadScopes {
  /** Canonical, in the order of `ALL_SCOPES`, each once. */
  scopes: Scope[];
  /** One for each name that is none, with its place in the list. */
  errors: { index: number; detail: string }[];
}

/** Reads a list of scopes by any of their names, in any order and as often as they come. */
export function readScopes(given: readonly string[]): ReadScopes {
  const wanted = new Set<Scope>();
  const errors: ReadScopes['errors'] = [];
  given.forEach((name, index) => {
    const meant = isScope(name) ? [name] : Object.hasOwn(ALIASES, name) ? ALIASES[name]! : undefined;
    if (meant === undefined) errors.push({ index, detail: unknownScope(name) });
    else for (const scope of meant) wanted.add(scope);
  });
  return { scopes: ALL_SCOPES.filter((scope) => wanted.has(scope)), errors };
}

/** Those of the wanted ones that are not held. */
export function missingScopes(wanted: readonly Scope[], held: readonly Scope[]): Scope[] {
  return wanted.filter((scope) => !held.includes(scope));
}

function isScope(name: string): name is Scope {
  return Object.hasOwn(SCOPES, name);
}

function unknownScope(name: string): string {
  const nearest = nearestNames(name, SCOPE_NAMES);
  const hint = nearest.length === 0 ? '' : ` Did you mean ${nearest.join(', ')}?`;
  return `There is no scope ${JSON.stringify(name)}.${hint}`;
}
