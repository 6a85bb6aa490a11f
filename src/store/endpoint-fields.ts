import type { EntityManager } from 'typeorm';
import type { EndpointOptions } from '../core/endpoint.js';
import { DEFAULT_ENDPOINT_OPTIONS } from '../core/endpoint.js';

/** How an endpoint is sent to, as it is stored. `headers` and `signingKey` are sealed texts, null for none. */
export interface EndpointFields extends EndpointOptions {
  headers: string | null;
  signingKey: string | null;
}

export const DEFAULT_ENDPOINT_FIELDS: EndpointFields = Object.freeze({
  ...DEFAULT_ENDPOINT_OPTIONS,
  headers: null,
  signingKey: null,
});

/** The columns that hold them. */
export interface EndpointFieldsRow {
  profile: EndpointOptions['profile'];
  header_prefix: string | null;
  content_type: EndpointOptions['contentType'];
  timeout_seconds: number | null;
  retry: string | null;
  max_per_second: number | null;
  headers: string | null;
  signing_key: string | null;
}

export function toEndpointFields(row: EndpointFieldsRow): EndpointFields {
  return {
    profile: row.profile,
    headerPrefix: row.header_prefix,
    contentType: row.content_type,
    timeoutSeconds: row.timeout_seconds,
    retry: row.retry,
    maxPerSecond: row.max_per_second,
    headers: row.headers,
    signingKey: row.signing_key,
  };
}

/** A signing secret that takes the place of another. All texts are sealed. */
export interface NewSecret {
  secret: string;
  /** Until when the old one signs as well; null when it is over at once. */
  previousUntil: Date | null;
  /** Takes the place of the endpoint's asymmetric key, if it has one. */
  signingKey?: string;
}

/**
 * Puts a new secret in an endpoint's place of the old one. A signing key from an earlier rotation never lives longer
 * than it was to: it goes when no newer one takes its place.
 */
export async function replaceSecret(manager: EntityManager, endpointId: string, next: NewSecret): Promise<void> {
  await manager.query(
    `update endpoints
     set previous_secret = case when $3::timestamptz is null then null else secret end,
         previous_until = $3,
         previous_signing_key = case when $3::timestamptz is null or $4::text is null then null else signing_key end,
         secret = $2,
         signing_key = case when signing_key is null then null else coalesce($4, signing_key) end,
         updated_at = date_trunc('milliseconds', now())
     where id = $1`,
    [endpointId, next.secret, next.previousUntil, next.signingKey ?? null],
  );
}

/** The columns of changed fields: with the key of an asymmetric signature goes the one before it. */
export function columnsOf(fields: Partial<EndpointFields>): Partial<EndpointFields> & { previousSigningKey?: null } {
  return { ...fields, ...(fields.signingKey === undefined ? {} : { previousSigningKey: null }) };
}
