import type { Schema } from '@tripline/client';
import { changedOptions, numberOrNull, textOrNull, wholeOr, type WebhookDraft } from './webhook-draft.js';

type WebhookChange = Schema<'WebhookChange'>;

/**
 * What of a webhook is to be changed: only what was changed in the form, so that everything else stays as it was
 * registered, in whatever words. Empty when nothing was changed.
 */
export function webhookChange(before: WebhookDraft, after: WebhookDraft): WebhookChange {
  return {
    ...changedRule(before, after),
    ...changedTexts(before, after),
    ...(after.status === before.status ? {} : { status: after.status }),
    ...(after.autoSubscribe === before.autoSubscribe ? {} : { autoSubscribe: after.autoSubscribe }),
    ...changedTarget(before, after),
    // At a shared endpoint they belong to the endpoint.
    ...(after.targetKind === 'own' ? changedOptions(before, after) : {}),
    ...(after.targetKind === 'own' && after.secret !== '' ? { secret: after.secret } : {}),
  };
}

function changedRule(before: WebhookDraft, after: WebhookDraft): WebhookChange {
  const { service, metricName, condition } = after;
  const isOtherMetric = service !== before.service || metricName !== before.metricName;
  const coolDownPeriod = wholeOr(after.coolDownPeriod, 0);
  const maxSampleAgeSeconds = numberOrNull(after.maxSampleAgeSeconds);
  return {
    ...(isOtherMetric ? { service, metricName } : {}),
    ...(condition === before.condition ? {} : { condition }),
    ...(coolDownPeriod === before.coolDownPeriod ? {} : { coolDownPeriod }),
    ...(maxSampleAgeSeconds === numberOrNull(before.maxSampleAgeSeconds) ? {} : { maxSampleAgeSeconds }),
  };
}

function changedTexts(before: WebhookDraft, after: WebhookDraft): WebhookChange {
  const { displayName, description } = after;
  return {
    // Null gives it back its id as name.
    ...(displayName === before.displayName
      ? {}
      : { displayName: textOrNull(displayName) === null ? null : displayName }),
    ...(description === before.description ? {} : { description }),
  };
}

function changedTarget(before: WebhookDraft, after: WebhookDraft): WebhookChange {
  if (!isOtherTarget(before, after)) return {};
  return after.targetKind === 'shared'
    ? { endpointId: after.endpointId }
    : { targetURL: after.targetURL.trim(), verificationToken: after.verificationToken.trim() };
}

/** Whether the webhook is to send elsewhere, which the new target has to agree to. */
export function isOtherTarget(before: WebhookDraft, after: WebhookDraft): boolean {
  if (after.targetKind !== before.targetKind) return true;
  return after.targetKind === 'shared'
    ? after.endpointId !== before.endpointId
    : after.targetURL.trim() !== before.targetURL.trim();
}

/** Whether there is something that would be lost by leaving. */
export function isChanged(before: WebhookDraft, after: WebhookDraft): boolean {
  return Object.keys(webhookChange(before, after)).length > 0;
}
