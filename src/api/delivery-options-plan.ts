import type { EndpointOptions } from '../core/endpoint.js';
import { DEFAULT_ENDPOINT_OPTIONS } from '../core/endpoint.js';
import { checkOwnerHeaders, headerPrefixError, shownHeaders } from '../core/owner-headers.js';
import { hasCloudEventBody } from '../core/profile-body.js';
import { takesHeaderPrefix } from '../core/profile-header-names.js';
import { parseRetrySchedule, RETRY_JITTER } from '../core/retry-schedule.js';
import type { EndpointFields } from '../store/endpoint-fields.js';
import { newAsymmetricKey } from '../target/asymmetric.js';
import type { ApiParts } from './api-parts.js';
import type { GivenOptions } from './delivery-options.js';
import { openHeaders } from './delivery-options-view.js';
import type { FieldError } from './problem.js';
import { invalidFields, secretUnreadable } from './problem.js';

type Parts = Pick<ApiParts, 'secrets' | 'retryTotalMaxMs'>;

const HOUR_MS = 3_600_000;

/** An endpoint whose options are to be changed; its sealed texts open with its id. */
export interface OptionsOf {
  id: string;
  fields: EndpointFields;
}

/** The options as they are to be. */
export interface WantedOptions {
  options: EndpointOptions;
  /** Undefined: as they are stored. */
  headers: Record<string, string> | undefined;
  asymmetric: boolean;
  warnings: string[];
}

/**
 * What the given options make of an endpoint's: those that are not given stay, null is the default. All are judged
 * together, whichever is given. Throws a 400 that names every option that is wrong.
 */
export function wantedOptions(parts: Parts, current: OptionsOf, given: GivenOptions): WantedOptions {
  const { options, warnings } = mergedOptions(current.fields, given);
  const headers = wantedHeaders(parts, current, given);
  const errors = [
    ...errorAt('#/headerPrefix', headerPrefixError(options)),
    ...errorAt('#/contentType', contentTypeError(options)),
    ...errorAt('#/retry', given.retry == null ? undefined : retryError(given.retry, parts.retryTotalMaxMs)),
    ...checkOwnerHeaders(headers ?? {}, options).map((detail) => ({ pointer: '#/headers', detail })),
  ];
  const [first, ...others] = errors;
  if (first) throw invalidFields([first, ...others]);
  // What cannot be opened is shown as null; given so, it stays.
  const isStored =
    given.headers === undefined || (given.headers === null && openHeaders(parts.secrets, current) === null);
  const asymmetric = given.asymmetric === undefined ? current.fields.signingKey !== null : given.asymmetric === true;
  return { options, headers: isStored ? undefined : headers, asymmetric, warnings };
}

/** Everything of a new endpoint; `source` is where headers that stay as they are stored come from. */
export function sealedOptions(
  { secrets }: Pick<Parts, 'secrets'>,
  wanted: WantedOptions,
  { id, source }: { id: string; source?: OptionsOf },
): EndpointFields {
  return {
    ...wanted.options,
    headers: sealedHeaders(secrets, ownHeaders(secrets, wanted, source), id),
    signingKey: sealedKey(secrets, wanted, id),
  };
}

function sealedHeaders(secrets: Parts['secrets'], headers: Record<string, string>, id: string): string | null {
  return Object.keys(headers).length === 0 ? null : secrets.seal(JSON.stringify(headers), id);
}

function sealedKey(secrets: Parts['secrets'], { asymmetric }: WantedOptions, id: string): string | null {
  return asymmetric ? secrets.seal(newAsymmetricKey(), id) : null;
}

/** The owner's headers of a new endpoint. Throws a 409 when those of its source cannot be opened. */
export function ownHeaders(
  secrets: Parts['secrets'],
  { headers }: WantedOptions,
  source: OptionsOf | undefined,
): Record<string, string> {
  if (headers !== undefined) return headers;
  if (source === undefined) return {};
  const opened = openHeaders(secrets, source);
  if (opened === null) throw secretUnreadable();
  return opened;
}

/** Only what changes of an endpoint that there is. */
export function changedOptions(
  { secrets }: Pick<Parts, 'secrets'>,
  current: OptionsOf,
  wanted: WantedOptions,
): Partial<EndpointFields> {
  const { id, fields } = current;
  const names = Object.keys(wanted.options) as (keyof EndpointOptions)[];
  const changed = names.filter((name) => wanted.options[name] !== fields[name]);
  const isSameHeaders =
    wanted.headers === undefined || JSON.stringify(wanted.headers) === JSON.stringify(openHeaders(secrets, current));
  return {
    ...Object.fromEntries(changed.map((name) => [name, wanted.options[name]])),
    ...(isSameHeaders ? {} : { headers: sealedHeaders(secrets, wanted.headers!, id) }),
    ...(wanted.asymmetric === (fields.signingKey !== null) ? {} : { signingKey: sealedKey(secrets, wanted, id) }),
  };
}

function mergedOptions(current: EndpointFields, given: GivenOptions): { options: EndpointOptions; warnings: string[] } {
  const names = Object.keys(DEFAULT_ENDPOINT_OPTIONS) as (keyof EndpointOptions)[];
  const options = Object.fromEntries(
    names.map((name) => {
      const value = given[name];
      return [name, value === undefined ? current[name] : (value ?? DEFAULT_ENDPOINT_OPTIONS[name])];
    }),
  ) as unknown as EndpointOptions;
  const { profile } = options;
  const warnings: string[] = [];
  // What only made sense with the profile that was.
  if (given.headerPrefix === undefined && options.headerPrefix !== null && !takesHeaderPrefix(profile)) {
    warnings.push(`headerPrefix was taken away: the profile ${profile} has no headers that it could begin.`);
    options.headerPrefix = null;
  }
  if (given.contentType === undefined && contentTypeError(options) !== undefined) {
    warnings.push(`contentType is application/json again: the profile ${profile} has no CloudEvent as body.`);
    options.contentType = DEFAULT_ENDPOINT_OPTIONS.contentType;
  }
  return { options, warnings };
}

/** As they are to be, whether they change or not; a value that is given as it is shown stays what it was. */
function wantedHeaders(
  { secrets }: Parts,
  current: OptionsOf,
  given: GivenOptions,
): Record<string, string> | undefined {
  const stored = openHeaders(secrets, current) ?? undefined;
  if (given.headers === undefined) return stored;
  const shown = shownHeaders(stored ?? {});
  return Object.fromEntries(
    Object.entries(given.headers ?? {}).map(([name, value]) => [name, value === shown[name] ? stored![name]! : value]),
  );
}

function contentTypeError({ profile, contentType }: EndpointOptions): string | undefined {
  if (contentType === 'application/json' || hasCloudEventBody(profile)) return undefined;
  return `The profile ${profile} has no CloudEvent as body, so contentType must be application/json.`;
}

function retryError(retry: string, totalMaxMs: number): string | undefined {
  const parsed = parseRetrySchedule(retry);
  if (parsed.kind === 'invalid') return parsed.reason;
  const totalMs = parsed.schedule.delaysMs.reduce((sum, delayMs) => sum + delayMs, 0) * (1 + RETRY_JITTER);
  if (totalMs <= totalMaxMs) return undefined;
  const hours = Math.floor(totalMaxMs / (1 + RETRY_JITTER) / HOUR_MS);
  return `The delays of a retry schedule may be ${hours} h together: events are not kept for longer.`;
}

function errorAt(pointer: string, detail: string | undefined): FieldError[] {
  return detail === undefined ? [] : [{ pointer, detail }];
}
