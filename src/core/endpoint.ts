/** Whose receivers' headers, signature and body an endpoint's deliveries have besides those of Standard Webhooks. */
export const PROFILES = ['standard', 'dimo', 'desmo', 'dembrane', 'dodev'] as const;
export type Profile = (typeof PROFILES)[number];

export const CONTENT_TYPES = ['application/json', 'application/cloudevents+json'] as const;
export type ContentType = (typeof CONTENT_TYPES)[number];

/**
 * `active` is sent to. What is queued for the others is held: `paused` by its owner, `failed` after nothing but failures
 * for too long, `gone` because it answered 410.
 */
export type EndpointStatus = 'active' | 'paused' | 'failed' | 'gone';

/** How an endpoint wants its deliveries; null means what the profile, or the operator's setting, says. */
export interface EndpointOptions {
  profile: Profile;
  /** Begins the names of the profile's own headers. */
  headerPrefix: string | null;
  contentType: ContentType;
  timeoutSeconds: number | null;
  /** Text of `parseRetrySchedule`. */
  retry: string | null;
  maxPerSecond: number | null;
}

export const DEFAULT_ENDPOINT_OPTIONS: EndpointOptions = Object.freeze({
  profile: 'standard',
  headerPrefix: null,
  contentType: 'application/json',
  timeoutSeconds: null,
  retry: null,
  maxPerSecond: null,
});

/** An endpoint as senders need it. Sealed texts are opened with the endpoint's id. */
export interface DeliveryTarget extends EndpointOptions {
  endpointId: string;
  license: string;
  url: string;
  status: EndpointStatus;
  /** Sealed signing secret. */
  secret: string;
  /** Sealed; null once the overlap of a rotation is over. */
  previousSecret: string | null;
  /** Sealed `whsk_` key of an asymmetric signature; null when the endpoint has none. */
  signingKey: string | null;
  previousSigningKey: string | null;
  /** Sealed JSON object of the owner's own headers; null for none. */
  headers: string | null;
}
