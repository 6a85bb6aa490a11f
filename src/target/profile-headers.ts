import { createHmac } from 'node:crypto';
import type { EndpointOptions } from '../core/endpoint.js';
import { profilePrefix } from '../core/profile-header-names.js';
import { profileEventId } from '../core/profile-body.js';

/** What a profile's headers are made of. */
export interface ProfileMessage {
  eventId: string;
  eventType: string;
  deliveryId: string;
  /** Unix seconds of this attempt. */
  timestampSeconds: number;
  /** The very bytes that are sent. */
  body: Buffer;
  /** As its owner was shown it: these receivers key the HMAC with the characters, not with the bytes they encode. */
  secret: string;
}

/**
 * The headers that receivers written for another system verify, beside those of Standard Webhooks. Signatures over the
 * body alone (`desmo`, `dembrane`) tell nothing of when it was sent, so they cannot keep out a repeated request.
 */
export function profileHeaders(
  message: ProfileMessage,
  naming: Pick<EndpointOptions, 'profile' | 'headerPrefix'>,
): Record<string, string> {
  const { eventId, eventType, deliveryId, body, secret } = message;
  const prefix = profilePrefix(naming);
  const timestamp = Math.floor(message.timestampSeconds).toString();
  const ofBody = () => createHmac('sha256', secret).update(body).digest('hex');
  const ofTimeAndBody = () => createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  switch (naming.profile) {
    case 'standard':
      return {};
    case 'dimo':
      return {
        [`${prefix}-Timestamp`]: timestamp,
        [`${prefix}-Signature`]: ofTimeAndBody(),
        [`${prefix}-Signature-Version`]: 'v1',
      };
    case 'desmo':
      return {
        [`${prefix}-Signature`]: `sha256=${ofBody()}`,
        [`${prefix}-Event`]: eventType,
        [`${prefix}-Delivery`]: deliveryId,
      };
    case 'dembrane':
      return { [`${prefix}-Signature`]: ofBody() };
    case 'dodev':
      return {
        [`${prefix}-Signature`]: `t=${timestamp},v1=${ofTimeAndBody()}`,
        [`${prefix}-Id`]: profileEventId(eventId),
        [`${prefix}-Timestamp`]: timestamp,
      };
  }
}
