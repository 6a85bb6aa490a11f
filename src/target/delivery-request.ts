import type { DeliveryTarget } from '../core/endpoint.js';
import { isObject } from '../core/json.js';
import { shownHeaders } from '../core/owner-headers.js';
import { hasCloudEventBody, profileBody } from '../core/profile-body.js';
import { profileHeaderNames } from '../core/profile-header-names.js';
import type { TargetRequest } from './http-client.js';
import { profileHeaders } from './profile-headers.js';
import { SecretUnreadable, signingKey, type SecretBox } from './secret-box.js';
import { signStandard } from './signature.js';
import { USER_AGENT } from './user-agent.js';

/** So much of an answer is read and kept. */
const ANSWER_MAX_BYTES = 16 * 1024;
/** What is kept of a signature: enough to tell two apart, of no use to a forger. */
const SIGNATURE_SHOWN_LENGTH = 12;

/** One attempt at telling an endpoint of a log event. */
export interface DeliveryMessage {
  deliveryId: string;
  eventId: string;
  /** The log event's type, such as `trigger.fired`. */
  eventType: string;
  /** Counts from 1. */
  attempt: number;
  /** JSON text of a CloudEvent. */
  envelope: string;
  /** What is in it, for who has read it already. */
  event?: { readonly traceparent?: unknown } | undefined;
  /** When the request is sent, ms since 1970. */
  nowMs: number;
}

/** A request, and what may be recorded of its headers. */
export interface DeliveryRequest {
  request: TargetRequest;
  /** Signatures shortened, and values that look secret replaced. */
  shownHeaders: Record<string, string>;
}

/**
 * The request of one attempt as `target` wants it: its profile's body and headers, its owner's headers, signed with its
 * secrets. Header names are in lower case, as they are sent. Without a timeout where the endpoint has none of its own.
 * Throws `SecretKeyUnknown` or `SecretUnreadable` when a sealed text of the endpoint cannot be opened.
 */
export function deliveryRequest(
  message: DeliveryMessage,
  target: DeliveryTarget,
  secrets: Pick<SecretBox, 'open'>,
): DeliveryRequest {
  const opened = openedTarget(target, secrets);
  const body = Buffer.from(profileBody(message, target.profile));
  const signed = signatures(message, { target, body, opened });
  const ours = {
    'content-type': hasCloudEventBody(target.profile) ? target.contentType : 'application/json',
    'user-agent': USER_AGENT,
    'webhook-id': signed.standard['webhook-id']!,
    'webhook-timestamp': signed.standard['webhook-timestamp']!,
    'webhook-signature': signed.standard['webhook-signature']!,
    'x-webhook-event': message.eventType,
    'x-webhook-delivery': message.deliveryId,
    'x-webhook-attempt': String(message.attempt),
    traceparent: traceparentOf(message),
  };
  const headers = withOthers(ours, opened.ownHeaders, signed.ofProfile);
  const request: TargetRequest = { url: target.url, headers, body, maxAnswerBytes: ANSWER_MAX_BYTES };
  if (target.timeoutSeconds !== null) request.timeoutMs = target.timeoutSeconds * 1_000;
  return {
    request,
    shownHeaders: withOthers(
      { ...ours, 'webhook-signature': shortened(ours['webhook-signature']) },
      opened.shownHeaders,
      signed.ofProfile && shownProfile(signed.ofProfile, opened.signatureNames),
    ),
  };
}

/**
 * What comes later wins: no header of the owner's or the profile's can pass for one of Tripline's. Most endpoints have
 * neither, and a literal that is never spread costs a fraction.
 */
function withOthers(
  ours: Record<string, string>,
  own: Record<string, string> | undefined,
  ofProfile: Record<string, string> | undefined,
): Record<string, string> {
  return own === undefined && ofProfile === undefined ? ours : { ...own, ...ofProfile, ...ours };
}

/** What of an endpoint is the same in each of its requests. */
interface OpenedTarget {
  openedBy: Pick<SecretBox, 'open'>;
  /** As its owner was shown it. */
  secret: string;
  signingKeys: Buffer[];
  asymmetricKeys: string[];
  ownHeaders: Record<string, string> | undefined;
  shownHeaders: Record<string, string> | undefined;
  /** Of the profile's headers that carry signatures, in lower case. */
  signatureNames: string[];
}

/**
 * For as long as the target itself is remembered, which is until it changes: opening a secret for each took longer than
 * signing with it.
 */
const openedTargets = new WeakMap<DeliveryTarget, OpenedTarget>();

function openedTarget(target: DeliveryTarget, secrets: Pick<SecretBox, 'open'>): OpenedTarget {
  const known = openedTargets.get(target);
  if (known?.openedBy === secrets) return known;
  const open = (sealed: string) => secrets.open(sealed, target.endpointId);
  const ownHeaders = target.headers === null ? undefined : ownerHeaders(open(target.headers), target.endpointId);
  const [secret, ...previous] = opened([target.secret, target.previousSecret], open);
  const ofProfile = profileHeaderNames(target).filter((name) => name.endsWith('-Signature'));
  const made = {
    openedBy: secrets,
    secret: secret!,
    signingKeys: [secret!, ...previous].map(signingKey),
    asymmetricKeys: opened([target.signingKey, target.previousSigningKey], open),
    ownHeaders,
    shownHeaders: ownHeaders && shownHeaders(ownHeaders),
    signatureNames: ofProfile.map((name) => name.toLowerCase()),
  };
  openedTargets.set(target, made);
  return made;
}

/** While a rotation lasts Standard Webhooks carries both signatures, a profile's own header, made for one, the new. */
function signatures(
  { eventId, eventType, deliveryId, nowMs }: DeliveryMessage,
  { target, body, opened }: { target: DeliveryTarget; body: Buffer; opened: OpenedTarget },
): { standard: Record<string, string>; ofProfile?: Record<string, string> } {
  const timestampSeconds = nowMs / 1_000;
  const { secret, signingKeys: secrets, asymmetricKeys } = opened;
  const standard = signStandard({ id: eventId, timestampSeconds, body, secrets, asymmetricKeys });
  if (target.profile === 'standard') return { standard };
  const message = { eventId, eventType, deliveryId, timestampSeconds, body, secret };
  return { standard, ofProfile: lowerCased(profileHeaders(message, target)) };
}

function opened(sealed: readonly (string | null)[], open: (sealed: string) => string): string[] {
  return sealed.filter((text) => text !== null).map(open);
}

/** The message has nothing of the text, unlike that of a parser. */
function ownerHeaders(text: string, endpointId: string): Record<string, string> {
  try {
    const headers: unknown = JSON.parse(text);
    if (isObject(headers)) return lowerCased(headers as Record<string, string>);
  } catch {
    // As below.
  }
  throw new SecretUnreadable(`The headers of endpoint ${endpointId} are no JSON object`);
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function shownProfile(
  headers: Readonly<Record<string, string>>,
  signatureNames: readonly string[],
): Record<string, string> {
  return { ...headers, ...Object.fromEntries(signatureNames.map((name) => [name, shortened(headers[name]!)])) };
}

/** Each of the signatures cut off after its first characters. */
function shortened(signatures: string): string {
  const texts = signatures.split(' ').map((text) => `${text.slice(0, SIGNATURE_SHOWN_LENGTH)}…`);
  return texts.join(' ');
}

/** Version 00 of W3C Trace Context §3.2; ids of zeros alone are invalid. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;
/** Sampled, and random trace id: all others are reserved, and to be sent as zero. */
const KNOWN_FLAGS = 0b11;

/** All but the highest bit of 16: that is the variant's in an id, and always set, so that no span is zero. */
const ATTEMPT_BITS = 0x7fff;

/** The last 64 bits of a delivery's id, which were drawn or hashed already, with the attempt in those that come first. */
function spanOf(deliveryId: string, attempt: number): string {
  const first = parseInt(deliveryId.slice(19, 23), 16) ^ (attempt & ATTEMPT_BITS);
  return first.toString(16) + deliveryId.slice(24);
}

/** Each attempt is a span of its own in the trace of the record that caused the event, or in one named by the event. */
function traceparentOf({ envelope, event, eventId, deliveryId, attempt }: DeliveryMessage): string {
  const { traceparent } = event ?? (JSON.parse(envelope) as { traceparent?: unknown });
  const [, traceId, flags] = (typeof traceparent === 'string' && TRACEPARENT.exec(traceparent)) || [];
  const spanId = spanOf(deliveryId, attempt);
  if (traceId === undefined || flags === undefined) return `00-${eventId.replaceAll('-', '')}-${spanId}-01`;
  return `00-${traceId}-${spanId}-${(parseInt(flags, 16) & KNOWN_FLAGS).toString(16).padStart(2, '0')}`;
}
