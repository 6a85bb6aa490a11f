import type { Schema } from '@tripline/client';
import type { Recipe } from '../condition/recipes.js';
import type { Demo } from '../embedded.js';

type Webhook = Schema<'Webhook'>;
type NewWebhook = Schema<'NewWebhook'>;

/** One header of the owner's, in the order of writing. */
export interface HeaderLine {
  name: string;
  value: string;
}

/**
 * What stands in the form. Texts are as they were registered or typed; a number that is not given is NaN, a text ''.
 */
export interface WebhookDraft {
  service: string;
  metricName: string;
  condition: string;
  coolDownPeriod: number;
  displayName: string;
  description: string;
  status: Webhook['status'];
  autoSubscribe: boolean;
  targetKind: 'own' | 'shared';
  targetURL: string;
  /** Never stored, so it is empty in what is opened. */
  verificationToken: string;
  endpointId: string;
  maxSampleAgeSeconds: number;
  profile: Webhook['profile'];
  headerPrefix: string;
  headers: readonly HeaderLine[];
  contentType: Webhook['contentType'];
  timeoutSeconds: number;
  retry: string;
  maxPerSecond: number;
  asymmetric: boolean;
  secret: string;
}

/** A form in which nothing was written yet. */
export const EMPTY_DRAFT: WebhookDraft = {
  service: '',
  metricName: '',
  condition: '',
  coolDownPeriod: 0,
  displayName: '',
  description: '',
  status: 'enabled',
  autoSubscribe: false,
  targetKind: 'own',
  targetURL: '',
  verificationToken: '',
  endpointId: '',
  maxSampleAgeSeconds: Number.NaN,
  profile: 'standard',
  headerPrefix: '',
  headers: [],
  contentType: 'application/json',
  timeoutSeconds: Number.NaN,
  retry: '',
  maxPerSecond: Number.NaN,
  asymmetric: false,
  secret: '',
};

/** What a new webhook begins with: of a recipe if one was chosen, with the demo's receiver as target if there is one. */
export function beginDraft(recipe: Recipe | undefined, demo: Demo | undefined): WebhookDraft {
  return {
    ...EMPTY_DRAFT,
    ...(recipe && {
      service: recipe.service,
      metricName: recipe.metric,
      condition: recipe.condition,
      coolDownPeriod: recipe.coolDownPeriod,
      displayName: recipe.title,
    }),
    ...(demo && { targetURL: demo.target.url, verificationToken: demo.target.verificationToken }),
  };
}

/** A registered webhook as the form shows it. `isShared`: it sends to an endpoint that others may use too. */
export function draftOf(webhook: Webhook, isShared: boolean): WebhookDraft {
  return {
    service: webhook.service,
    metricName: webhook.metricName,
    condition: webhook.condition,
    coolDownPeriod: webhook.coolDownPeriod,
    // A webhook without a name is shown with its id as one.
    displayName: webhook.displayName === webhook.id ? '' : webhook.displayName,
    description: webhook.description,
    status: webhook.status,
    autoSubscribe: webhook.autoSubscribe,
    targetKind: isShared ? 'shared' : 'own',
    targetURL: isShared ? '' : webhook.targetURL,
    verificationToken: '',
    endpointId: isShared ? webhook.endpointId : '',
    maxSampleAgeSeconds: webhook.maxSampleAgeSeconds ?? Number.NaN,
    profile: webhook.profile,
    headerPrefix: webhook.headerPrefix ?? '',
    headers: Object.entries(webhook.headers ?? {}).map(([name, value]) => ({ name, value })),
    contentType: webhook.contentType,
    timeoutSeconds: webhook.timeoutSeconds ?? Number.NaN,
    retry: webhook.retry ?? '',
    maxPerSecond: webhook.maxPerSecond ?? Number.NaN,
    asymmetric: webhook.asymmetric,
    secret: '',
  };
}

/** What registers a webhook. Options that were left alone are not sent: the installation's defaults stay theirs. */
export function newWebhook(draft: WebhookDraft): NewWebhook {
  const { service, metricName, condition, description, autoSubscribe, displayName } = draft;
  return {
    service,
    metricName,
    condition,
    description,
    autoSubscribe,
    coolDownPeriod: wholeOr(draft.coolDownPeriod, 0),
    maxSampleAgeSeconds: numberOrNull(draft.maxSampleAgeSeconds),
    status: draft.status === 'disabled' ? 'disabled' : 'enabled',
    ...(displayName.trim() === '' ? {} : { displayName }),
    ...(draft.targetKind === 'shared'
      ? { endpointId: draft.endpointId }
      : {
          targetURL: draft.targetURL.trim(),
          verificationToken: draft.verificationToken.trim(),
          ...changedOptions(EMPTY_DRAFT, draft),
          ...(draft.secret === '' ? {} : { secret: draft.secret }),
        }),
  };
}

/** The delivery options of one draft that another has otherwise, as they are to be sent: null is the default. */
export function changedOptions(before: WebhookDraft, after: WebhookDraft): Partial<DeliveryOptions> {
  const wanted = optionsOf(after);
  const now = optionsOf(before);
  const names = Object.keys(wanted) as (keyof DeliveryOptions)[];
  const changed = names.filter((name) => JSON.stringify(wanted[name]) !== JSON.stringify(now[name]));
  return Object.fromEntries(changed.map((name) => [name, wanted[name]]));
}

type DeliveryOptions = Pick<
  NewWebhook,
  'profile' | 'headerPrefix' | 'headers' | 'contentType' | 'timeoutSeconds' | 'retry' | 'maxPerSecond' | 'asymmetric'
>;

function optionsOf(draft: WebhookDraft): Required<DeliveryOptions> {
  return {
    profile: draft.profile,
    headerPrefix: textOrNull(draft.headerPrefix),
    headers: Object.fromEntries(writtenHeaders(draft).map(({ name, value }) => [name.trim(), value.trim()])),
    contentType: draft.contentType,
    timeoutSeconds: numberOrNull(draft.timeoutSeconds),
    retry: textOrNull(draft.retry),
    maxPerSecond: numberOrNull(draft.maxPerSecond),
    asymmetric: draft.asymmetric,
  };
}

/** Lines in which something was written. */
function writtenHeaders({ headers }: WebhookDraft): HeaderLine[] {
  return headers.filter(({ name, value }) => name.trim() !== '' || value.trim() !== '');
}

/** A number that is not given is the default. */
export function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** Nothing but blanks is the default. */
export function textOrNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

/** A number that the field does not leave empty by itself. */
export function wholeOr(value: number, other: number): number {
  return Number.isNaN(value) ? other : value;
}

const WITHOUT_CLOUD_EVENT: readonly Webhook['profile'][] = ['desmo', 'dodev'];
const WITH_PREFIX: readonly Webhook['profile'][] = ['desmo', 'dembrane', 'dodev'];

/** Which further options apply to a draft: the others are not shown. */
export function applicableOptions({ profile }: Pick<WebhookDraft, 'profile'>): {
  contentType: boolean;
  headerPrefix: boolean;
} {
  return { contentType: !WITHOUT_CLOUD_EVENT.includes(profile), headerPrefix: WITH_PREFIX.includes(profile) };
}

/** A draft under another profile: what only made sense with the one before is back at its default. */
export function withProfile(draft: WebhookDraft, profile: Webhook['profile']): WebhookDraft {
  const applies = applicableOptions({ profile });
  return {
    ...draft,
    profile,
    contentType: applies.contentType ? draft.contentType : 'application/json',
    headerPrefix: applies.headerPrefix ? draft.headerPrefix : '',
  };
}

/** A name that none of the others has, whatever the letter case: names are unique within a license. */
export function freeName(name: string, taken: readonly string[]): string {
  const names = new Set(taken.map((each) => each.toLowerCase()));
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name} ${count}`;
    if (!names.has(candidate.toLowerCase())) return candidate;
  }
}
