import { z } from 'zod';
import { CONTENT_TYPES, PROFILES } from '../core/endpoint.js';
import { shownHeaders } from '../core/owner-headers.js';
import type { EndpointFields } from '../store/endpoint-fields.js';
import { publicKeyOf } from '../target/asymmetric.js';
import type { SecretBox } from '../target/secret-box.js';

/** How deliveries of a webhook or an endpoint are, as it is shown. */
export const deliveryOptionsView = z.object({
  profile: z.enum(PROFILES),
  headerPrefix: z.string().nullable(),
  headers: z.record(z.string(), z.string()).nullable().meta({
    description: 'Your own; secret values as dots. Null when the key that they are encrypted with is missing.',
  }),
  contentType: z.enum(CONTENT_TYPES),
  timeoutSeconds: z.int().nullable(),
  retry: z.string().nullable(),
  maxPerSecond: z.int().nullable(),
  asymmetric: z.boolean(),
  publicKey: z.string().nullable().meta({ description: 'Verifies `v1a` signatures; null without `asymmetric`.' }),
});
export type DeliveryOptionsView = z.output<typeof deliveryOptionsView>;

/** What examples in the document show. */
export const deliveryOptionsExample: DeliveryOptionsView = {
  profile: 'standard',
  headerPrefix: null,
  headers: {},
  contentType: 'application/json',
  timeoutSeconds: null,
  retry: null,
  maxPerSecond: null,
  asymmetric: false,
  publicKey: null,
};

type Opener = Pick<SecretBox, 'open'>;
interface Sealed {
  id: string;
  fields: EndpointFields;
}

export function viewDeliveryOptions(secrets: Opener, { id, fields }: Sealed): DeliveryOptionsView {
  const { profile, headerPrefix, contentType, timeoutSeconds, retry, maxPerSecond, signingKey } = fields;
  const headers = openHeaders(secrets, { id, fields });
  const key = signingKey === null ? null : opened(secrets, signingKey, id);
  return {
    profile,
    headerPrefix,
    headers: headers && shownHeaders(headers),
    contentType,
    timeoutSeconds,
    retry,
    maxPerSecond,
    asymmetric: signingKey !== null,
    publicKey: key && publicKeyOf(key),
  };
}

/** An endpoint's own headers; null when they cannot be opened at the moment. */
export function openHeaders(secrets: Opener, { id, fields }: Sealed): Record<string, string> | null {
  if (fields.headers === null) return {};
  const text = opened(secrets, fields.headers, id);
  return text === null ? null : (JSON.parse(text) as Record<string, string>);
}

/** A list of webhooks is worth showing without what one of them cannot show; senders log what is wrong. */
function opened(secrets: Opener, sealed: string, id: string): string | null {
  try {
    return secrets.open(sealed, id);
  } catch {
    return null;
  }
}
