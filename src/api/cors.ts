import type { Request } from 'express';

/** What scripts of other origins may read of an answer besides the usual. */
const EXPOSED_HEADERS = [
  'Idempotency-Replayed',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];
const MAX_AGE_SECONDS = 600;

interface CorsOptions {
  origin: boolean | '*';
  exposedHeaders?: string[];
  maxAge?: number;
}

/**
 * Says for each request what pages of its origin may do: with an origin among these everything but cookies, which we
 * have none of; with any other nothing, and then no header speaks of it. `*` is every origin.
 */
export function corsFor(
  origins: readonly string[],
): (request: Request, answer: (error: null, options: CorsOptions) => void) => void {
  return (request, answer) => {
    const options = { exposedHeaders: EXPOSED_HEADERS, maxAge: MAX_AGE_SECONDS };
    if (origins.includes('*')) return answer(null, { origin: '*', ...options });
    // No cache may give one origin what was answered to another.
    request.res?.vary('Origin');
    const isListed = origins.includes(request.get('origin') ?? '');
    answer(null, isListed ? { origin: true, ...options } : { origin: false });
  };
}
