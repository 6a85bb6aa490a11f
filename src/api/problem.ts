import { STATUS_CODES } from 'node:http';
import { isGated, type QuotaName, type RateQuotaName } from '../core/quota.js';

/** One field that was refused: a JSON pointer into the body (`#/coolDownPeriod`), or the name of a parameter. */
export interface FieldError {
  pointer: string;
  detail: string;
}

export interface ProblemOptions {
  /** Short text that clients of the original API compare with; the same for every occurrence where they may. */
  message: string;
  /** What happened in this case and what to do about it; the message when not given. */
  detail?: string;
  /** Names the kind of problem in `type`; without one it is `about:blank`, which means no more than the status. */
  kind?: ProblemKind;
  errors?: readonly FieldError[];
  /** Further members, such as the line and column of a mistake. */
  members?: Readonly<Record<string, string | number | readonly string[]>>;
  headers?: Readonly<Record<string, string>>;
}

export type ProblemKind =
  | 'invalid-request'
  | 'malformed-json'
  | 'invalid-condition'
  | 'unknown-metric'
  | 'handshake-failed'
  | 'duplicate-name'
  | 'not-found'
  | 'permission-denied'
  | 'insufficient-scope'
  | 'still-running'
  | 'key-reused'
  | 'answer-lost'
  | 'conflict'
  | 'quota-exceeded'
  | 'temporarily-unavailable';

/** Seconds after which a client may ask again when a service that we depend on did not answer. */
export const RETRY_AFTER_SECONDS = 5;

/** An answer that is an error. Thrown anywhere in `api/`; the filter sends it as `application/problem+json` (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly options: ProblemOptions,
  ) {
    super(options.message);
  }

  get headers(): Readonly<Record<string, string>> {
    return this.options.headers ?? {};
  }

  /** The body: RFC 9457's members, and `message` and `code` as the original API has them. */
  body(): Record<string, unknown> {
    const { message, detail, kind, errors, members } = this.options;
    return {
      type: kind === undefined ? 'about:blank' : `urn:tripline:problem:${kind}`,
      title: STATUS_CODES[this.status] ?? 'Error',
      status: this.status,
      detail: detail ?? message,
      message,
      code: this.status,
      ...members,
      ...(errors && errors.length > 0 ? { errors } : {}),
    };
  }
}

/** Some fields are refused (400). The message is that of the first one. */
export function invalidFields(errors: readonly [FieldError, ...FieldError[]]): Problem {
  const detail = errors.length === 1 ? errors[0].detail : `${errors.length} fields are invalid: see errors.`;
  return new Problem(400, { kind: 'invalid-request', message: errors[0].detail, detail, errors });
}

/** The webhook does not exist, or belongs to another license: nothing in the answer tells which. */
export function webhookNotFound(): Problem {
  return new Problem(404, {
    kind: 'not-found',
    message: 'Webhook not found',
    detail: 'Your license has no webhook with this id.',
  });
}

/** The same for a shared endpoint. */
export function endpointNotFound(): Problem {
  return new Problem(404, {
    kind: 'not-found',
    message: 'Endpoint not found',
    detail: 'Your license has no endpoint with this id.',
  });
}

/** The same for an API key. */
export function apiKeyNotFound(): Problem {
  return new Problem(404, {
    kind: 'not-found',
    message: 'API key not found',
    detail: 'Your license has no API key with this id.',
  });
}

/** The same for a call that goes on in the background. */
export function operationNotFound(): Problem {
  return new Problem(404, {
    kind: 'not-found',
    message: 'Operation not found',
    detail: 'Your license has no operation with this id.',
  });
}

/** The key that is calling may not do this (403), as RFC 6750 §3.1 has it. */
export function insufficientScope(missing: readonly string[], detail: string): Problem {
  const challenge = `Bearer realm="tripline", error="insufficient_scope", scope="${missing.join(' ')}"`;
  return new Problem(403, {
    kind: 'insufficient-scope',
    message: 'Insufficient scope',
    detail,
    headers: { 'WWW-Authenticate': challenge },
  });
}

/** A service that the answer depends on does not answer (503): the client asks again after a few seconds. */
export function unavailable(message: string, detail: string): Problem {
  return new Problem(503, {
    kind: 'temporarily-unavailable',
    message,
    detail,
    headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
  });
}

/** Others keep changing a webhook between the look at what it needs and the change that depends on it (503). */
export function webhookAlwaysChanging(): Problem {
  return unavailable(
    'The webhook is being changed',
    'Others kept changing this webhook meanwhile. Send the request again: what is subscribed already is no failure.',
  );
}

/** A secret, key or header of an endpoint cannot be opened here (409): nothing can be made of what is stored. */
export function secretUnreadable(): Problem {
  return new Problem(409, {
    kind: 'conflict',
    message: 'The signing secret cannot be read',
    detail:
      'A secret, key or header of this target was encrypted with a key that is missing here. Nothing was sent or changed.',
  });
}

/** A limit that stands in the way of a license: on what there is, on what happens in a minute, or on what goes on at once. */
export type Limit =
  | { kind: 'stock'; name: QuotaName; most: number }
  | ({ kind: 'rate' } & Omit<RateState, 'left'>)
  | { kind: 'atOnce'; name: string; most: number; detail: string };

/** What is left of one minute of a license. */
export interface RateState {
  name: RateQuotaName;
  most: number;
  left: number;
  /** To the end of the minute. */
  endsInMs: number;
}

/**
 * A limit is reached. 403 where waiting does not help; 429 with when to come again otherwise. The message and the
 * members say which limit it is, and the `RateLimit` headers too where it is one of time.
 */
export function quotaExceeded(limit: Limit): Problem {
  const { kind, name, most } = limit;
  return new Problem(kind === 'stock' ? 403 : 429, {
    kind: 'quota-exceeded',
    message: `Quota exceeded: ${name}`,
    detail: detailOf(limit),
    members: { limit: name, most },
    headers: limitHeaders(limit),
  });
}

/** What is left of a minute, as draft-ietf-httpapi-ratelimit-headers (-08 and later) has it. */
export function rateHeaders({ name, most, left, endsInMs }: RateState): Readonly<Record<string, string>> {
  return {
    'RateLimit-Policy': `"${name}";q=${most};w=60`,
    RateLimit: `"${name}";r=${left};t=${secondsUntil(endsInMs)}`,
  };
}

function detailOf(limit: Limit): string {
  switch (limit.kind) {
    case 'atOnce':
      return limit.detail;
    case 'rate':
      return `The limit ${limit.name} of your license is ${limit.most}. The next minute begins in ${secondsUntil(limit.endsInMs)} s.`;
    case 'stock': {
      const isClosed = limit.name === 'webhooks' && isGated({ webhooks: limit.most });
      const rest = isClosed
        ? 'Nothing is sent until whoever runs this installation raises it.'
        : 'Delete what you do not need, or ask whoever runs this installation to raise it.';
      return `The limit ${limit.name} of your license is ${limit.most}. ${rest}`;
    }
  }
}

/** Nobody knows when one of those that go on at once will end. */
function limitHeaders(limit: Limit): Readonly<Record<string, string>> {
  switch (limit.kind) {
    case 'stock':
      return {};
    case 'rate':
      return { 'Retry-After': String(secondsUntil(limit.endsInMs)), ...rateHeaders({ ...limit, left: 0 }) };
    case 'atOnce':
      return {
        'Retry-After': String(RETRY_AFTER_SECONDS),
        'RateLimit-Policy': `"${limit.name}";q=${limit.most}`,
        RateLimit: `"${limit.name}";r=0`,
      };
  }
}

/** At least 1: whoever comes at once is too early. */
function secondsUntil(ms: number): number {
  return Math.max(Math.ceil(ms / 1000), 1);
}
