import type { EndpointOptions } from './endpoint.js';
import { profileHeaderNames, takesHeaderPrefix } from './profile-header-names.js';

const HEADERS_MAX = 10;
const NAME_LENGTH_MAX = 100;
/** Of a value. */
export const HEADER_LENGTH_MAX = 1_000;
export const HEADER_PREFIX_LENGTH_MAX = 50;

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Printable ASCII, without white space at either end, which receivers would not see. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** What Tripline itself says with each request; `content-*` describes its body, which the owner does not make. */
const OURS =
  /^(webhook-.*|x-webhook-.*|content-.*|accept|accept-encoding|user-agent|traceparent|tracestate|host|expect|date)$/;
/** RFC 9110 §7.6.1, RFC 9113 §8.2.2 and what proxies read. */
const HOP_BY_HOP = /^(connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|proxy-.*)$/;
const SECRET = /auth|cookie|token|key|secret|pass|credential|session|jwt/;
const DOTS = '••••••';

type Naming = Pick<EndpointOptions, 'profile' | 'headerPrefix'>;

/**
 * What is wrong with the headers that an owner wants on deliveries, a sentence each; empty when nothing is. To be asked
 * again when the profile or its prefix changes, because its headers are taken.
 */
export function checkOwnerHeaders(headers: Readonly<Record<string, string>>, naming: Naming): string[] {
  const names = Object.keys(headers);
  const errors = names.length > HEADERS_MAX ? [`At most ${HEADERS_MAX} headers can be added.`] : [];
  const ofProfile = new Set(profileHeaderNames(naming).map((name) => name.toLowerCase()));
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const shown = JSON.stringify(name.slice(0, NAME_LENGTH_MAX));
    const error = nameError(name, ofProfile) ?? (seen.has(name.toLowerCase()) ? 'is given twice.' : valueError(value));
    if (error !== undefined) errors.push(`The header ${shown} ${error}`);
    seen.add(name.toLowerCase());
  }
  return errors;
}

function nameError(name: string, ofProfile: ReadonlySet<string>): string | undefined {
  if (name.length > NAME_LENGTH_MAX) return `has a name longer than ${NAME_LENGTH_MAX} characters.`;
  if (!TOKEN.test(name)) return "is no header name: letters, digits and !#$%&'*+-.^_`|~ only.";
  const lower = name.toLowerCase();
  if (OURS.test(lower)) return 'is set by Tripline and cannot be added.';
  if (HOP_BY_HOP.test(lower)) return 'concerns the connection and cannot be added.';
  if (ofProfile.has(lower)) return 'belongs to the profile and cannot be added.';
  return undefined;
}

/** The value itself is never told: it may be a secret. */
function valueError(value: string): string | undefined {
  if (value.length > HEADER_LENGTH_MAX) return `has a value longer than ${HEADER_LENGTH_MAX} characters.`;
  if (value === '') return 'has no value.';
  if (!VALUE.test(value)) return 'has a value with other than printable ASCII characters, or with spaces at its ends.';
  return undefined;
}

/** What is wrong with a prefix for the profile's headers, as a sentence; undefined when nothing is. */
export function headerPrefixError({ profile, headerPrefix }: Naming): string | undefined {
  if (headerPrefix === null) return undefined;
  if (!takesHeaderPrefix(profile)) return `The profile "${profile}" has no headers whose names a prefix could begin.`;
  if (headerPrefix.length > HEADER_PREFIX_LENGTH_MAX || !/^[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]$/.test(headerPrefix)) {
    return `A header prefix is 2 to ${HEADER_PREFIX_LENGTH_MAX} letters, digits and hyphens, with a letter first and no hyphen last.`;
  }
  for (const name of profileHeaderNames({ profile, headerPrefix })) {
    const lower = name.toLowerCase();
    // X-Webhook-Event and X-Webhook-Delivery say the same for a profile as for Tripline.
    if ((OURS.test(lower) && !lower.startsWith('x-webhook-')) || HOP_BY_HOP.test(lower)) {
      return `With this prefix the profile's header ${name} would be one that means something else.`;
    }
  }
  return undefined;
}

/** The headers as they are shown and recorded: what looks like a secret by its name is dots. */
export function shownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, SECRET.test(name.toLowerCase()) ? DOTS : value]),
  );
}
