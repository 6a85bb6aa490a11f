import type { Schema } from '@tripline/client';
import type { Endpoint } from '../../api/resources.js';
import type { Demo } from '../../embedded.js';
import { beginDraft, changedOptions, EMPTY_DRAFT } from '../../webhook/webhook-draft.js';
import type { WebhookDraft } from '../../webhook/webhook-draft.js';

type NewEndpoint = Schema<'NewEndpoint'>;
type EndpointChange = Schema<'EndpointChange'>;

/** What stands in the form of an endpoint: the target and the options are those that a webhook of its own has, too. */
export interface EndpointDraft extends WebhookDraft {
  /** One a line. */
  enabledEvents: string;
}

/** A form in which nothing was written yet. */
export const EMPTY_ENDPOINT: EndpointDraft = { ...EMPTY_DRAFT, enabledEvents: '' };

/** What a new one begins with: the demo's receiver as target, if there is one. */
export function beginEndpoint(demo: Demo | undefined): EndpointDraft {
  return { ...beginDraft(undefined, demo), enabledEvents: '' };
}

/** An endpoint as the form shows it. */
export function draftOfEndpoint(endpoint: Endpoint): EndpointDraft {
  const { url, description, profile, contentType, asymmetric } = endpoint;
  return {
    ...EMPTY_ENDPOINT,
    ...{ targetURL: url, description, profile, contentType, asymmetric },
    enabledEvents: endpoint.enabledEvents.join('\n'),
    headerPrefix: endpoint.headerPrefix ?? '',
    headers: Object.entries(endpoint.headers ?? {}).map(([name, value]) => ({ name, value })),
    timeoutSeconds: endpoint.timeoutSeconds ?? Number.NaN,
    retry: endpoint.retry ?? '',
    maxPerSecond: endpoint.maxPerSecond ?? Number.NaN,
  };
}

/** What makes an endpoint. Options that were left alone are not sent: the installation's defaults stay theirs. */
export function newEndpoint(draft: EndpointDraft): NewEndpoint {
  return {
    url: draft.targetURL.trim(),
    verificationToken: draft.verificationToken.trim(),
    ...changedFields(EMPTY_ENDPOINT, draft),
  };
}

/** What of an endpoint is to be changed: only what was changed in the form. Empty when nothing was. */
export function endpointChange(before: EndpointDraft, after: EndpointDraft): EndpointChange {
  return {
    ...(isOtherUrl(before, after)
      ? { url: after.targetURL.trim(), verificationToken: after.verificationToken.trim() }
      : {}),
    ...changedFields(before, after),
  };
}

/** Whether another target is meant, which has to prove itself first. */
export function isOtherUrl(before: EndpointDraft, after: EndpointDraft): boolean {
  return before.targetURL.trim() !== after.targetURL.trim();
}

function changedFields(before: EndpointDraft, after: EndpointDraft): EndpointChange {
  const enabledEvents = linesOf(after.enabledEvents);
  const isOtherEvents = enabledEvents.join('\n') !== linesOf(before.enabledEvents).join('\n');
  return {
    ...(after.description === before.description ? {} : { description: after.description }),
    ...(isOtherEvents ? { enabledEvents } : {}),
    ...changedOptions(before, after),
    ...(after.secret === '' ? {} : { secret: after.secret }),
  };
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
