import type { Scope } from '../../session.js';

/** What each scope allows, in words, in the order in which they are shown. None includes another. */
export const SCOPE_WORDS: readonly { scope: Scope; name: string; detail: string }[] = [
  {
    scope: 'webhooks:read',
    name: 'See webhooks',
    detail: 'Webhooks, endpoints, vehicles, what webhooks remember, and the catalogue.',
  },
  {
    scope: 'webhooks:manage',
    name: 'Change webhooks',
    detail: 'Webhooks, endpoints and vehicles; send tests, and send deliveries again.',
  },
  { scope: 'events:read', name: 'See events', detail: 'The event log, deliveries, and what happens live.' },
  { scope: 'api-keys:manage', name: 'Manage API keys', detail: 'See, make and revoke keys.' },
];

/** How long a key may last; null is for ever. */
export const LIFETIMES = [
  { id: '30', text: '30 days', days: 30 },
  { id: '90', text: '90 days', days: 90 },
  { id: '365', text: '1 year', days: 365 },
  { id: 'date', text: 'Until a date', days: undefined },
  { id: 'never', text: 'Until it is revoked', days: null },
] as const;
export type Lifetime = (typeof LIFETIMES)[number]['id'];

const DAY_MS = 86_400_000;

/** What was filled in for a new key. */
export interface KeyDraft {
  name: string;
  scopes: readonly Scope[];
  lifetime: Lifetime;
  /** Of the lifetime `date`: a day as YYYY-MM-DD. */
  date: string;
}

export interface KeyProblems {
  name?: string;
  scopes?: string;
  date?: string;
}

/** The name is the license's own; the API refuses longer ones. */
const NAME_LENGTH_MAX = 100;

/** The scopes as words: "See webhooks, see events". */
export function describeScopes(scopes: readonly string[]): string {
  const names = SCOPE_WORDS.filter(({ scope }) => scopes.includes(scope)).map(({ name }) => name);
  return names.map((name, at) => (at === 0 ? name : name.charAt(0).toLowerCase() + name.slice(1))).join(', ');
}

/** What is wrong with a draft, field by field. */
export function problemsOf(draft: KeyDraft, nowMs: number): KeyProblems {
  const name = draft.name.trim();
  return {
    ...(name === '' && { name: 'Give the key a name that says who uses it.' }),
    ...(name.length > NAME_LENGTH_MAX && { name: `A name has ${NAME_LENGTH_MAX} characters at most.` }),
    ...(draft.scopes.length === 0 && { scopes: 'Choose at least one thing that the key may do.' }),
    ...(draft.lifetime === 'date' && !isComing(draft, nowMs) && { date: 'Choose a day that is still to come.' }),
  };
}

/** When a key made now would end; undefined for never. A day counts to its end, in UTC. */
export function expiryOf({ lifetime, date }: Pick<KeyDraft, 'lifetime' | 'date'>, nowMs: number): string | undefined {
  if (lifetime === 'date') return `${date}T23:59:59Z`;
  const days = LIFETIMES.find(({ id }) => id === lifetime)?.days;
  return days == null ? undefined : new Date(nowMs + days * DAY_MS).toISOString();
}

function isComing(draft: KeyDraft, nowMs: number): boolean {
  const endMs = Date.parse(expiryOf(draft, nowMs) ?? '');
  return Number.isFinite(endMs) && endMs > nowMs;
}
