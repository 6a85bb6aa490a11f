import type { OperationDefinition } from './openapi-operation.js';

/** What stands in every answer to a developer that we know. */
export const RATE_HEADERS: Readonly<Record<string, string>> = {
  'RateLimit-Policy': 'The limit on the requests of your license in a minute: `"requestsPerMinute";q=6000;w=60`.',
  RateLimit: 'How many of them are left (`r`), and in how many seconds the next minute begins (`t`).',
};

const REQUESTS = 'The requests of your license in this minute are used up: see `Retry-After`.';
const PROBES = 'Or its handshakes and test events of this minute are, or too many of these are under way.';

/** What a 429 of an operation may mean. */
export function limitReason({ isProbe, problems = {} }: OperationDefinition): string {
  return [problems[429], REQUESTS, isProbe ? PROBES : undefined].filter((reason) => reason !== undefined).join(' ');
}
