import type { EndpointRecord } from '../../store/endpoint-record.js';
import type { FoundTrigger } from '../../store/trigger-record.js';
import type { TriggerChange } from '../../store/triggers.js';
import type { ApiParts } from '../api-parts.js';
import { requireCondition, resolveMetric } from '../conditions/watched-metric.js';
import { OPTION_NAMES } from '../delivery-options.js';
import { viewDeliveryOptions } from '../delivery-options-view.js';
import { ownHeaders, wantedOptions } from '../delivery-options-plan.js';
import type { WantedOptions } from '../delivery-options-plan.js';
import { refuseField } from '../fields.js';
import { requireTargetUrl, requireToken } from '../target.js';
import { statusError } from './trigger-fields.js';
import type { WebhookChange } from './trigger-fields.js';
import { optionsOf } from './webhook-view.js';

type Parts = Pick<ApiParts, 'catalog' | 'secrets' | 'retryTotalMaxMs'>;

/** Where a webhook sends to after a change. */
export type PlannedTarget =
  | { kind: 'same' }
  /** Another URL: to be proven before anything changes. At a shared endpoint the webhook leaves for one of its own. */
  | { kind: 'url'; url: string; token: string }
  | { kind: 'shared'; endpointId: string };

export interface PlannedChange {
  change: TriggerChange;
  target: PlannedTarget;
  /** Delivery options as they are to be; undefined at a shared endpoint, which has its own. */
  options: WantedOptions | undefined;
  warnings: string[];
}

/**
 * What the given fields change in a trigger as it stands. Service, metric and condition are judged together, whichever
 * of them is given. `shared` is the endpoint that is named, if there is such. Throws the problem of the first field
 * that is wrong.
 */
export function planChange(
  parts: Parts,
  current: FoundTrigger,
  given: WebhookChange,
  shared: EndpointRecord | undefined,
): PlannedChange {
  const { target, warnings } = planTarget(current, given, shared);
  const options = planOptions(parts, current, given, target);
  const rule = planRule(parts, current, given);
  const { coolDownPeriod, maxSampleAgeSeconds, description, displayName, autoSubscribe } = given;
  // A failed trigger failed for its old target: another one deserves to be tried.
  const isReprieved = current.status === 'failed' && (target.kind === 'url' || (shared && !hasFailed(shared)));
  const status = givenStatus(current, given) ?? (isReprieved ? 'enabled' : undefined);
  return {
    change: {
      ...rule.change,
      ...(coolDownPeriod === undefined ? {} : { cooldownSeconds: coolDownPeriod }),
      ...(maxSampleAgeSeconds === undefined ? {} : { maxSampleAgeSeconds }),
      ...(description === undefined ? {} : { description }),
      ...(displayName === undefined ? {} : { displayName: givenName(displayName) ?? null }),
      ...(status === undefined ? {} : { status }),
      ...(autoSubscribe === undefined ? {} : { autoSubscribe }),
    },
    target,
    options,
    warnings: [...rule.warnings, ...warnings, ...(options?.warnings ?? [])],
  };
}

/** Undefined where nothing, or what is shown anyway, was given: nobody makes a webhook fail but its target. */
function givenStatus(
  { status: now }: FoundTrigger,
  { status }: WebhookChange,
): NonNullable<TriggerChange['status']> | undefined {
  if (status !== 'failed') return status;
  if (now !== 'failed') refuseField('#/status', statusError(status));
  return undefined;
}

/** A display name that was really given: null, empty and blank mean the id. */
export function givenName(displayName: string | null | undefined): string | undefined {
  return displayName == null || displayName.trim() === '' ? undefined : displayName;
}

/** What a webhook's owner should know of the shared endpoint that it goes to. */
export function endpointWarnings({ status }: EndpointRecord): string[] {
  return status === 'active' ? [] : [`The endpoint is ${status}: what the webhook fires is held.`];
}

export function hasFailed({ status }: Pick<EndpointRecord, 'status'>): boolean {
  return status === 'failed' || status === 'gone';
}

/** Refuses delivery options where a shared endpoint has them; those that are given as they are shown are no change. */
export function refuseOptions(given: WebhookChange, shown?: object): void {
  if (given.secret !== undefined) refuseSharedOption('secret');
  const now = shown as Record<string, unknown> | undefined;
  for (const name of OPTION_NAMES) {
    const value = given[name];
    if (value === undefined || (now === undefined ? value === null : isSame(value, now[name]))) continue;
    refuseSharedOption(name);
  }
}

function refuseSharedOption(name: string): never {
  refuseField(`#/${name}`, `${name} belongs to the shared endpoint: change it there, for all webhooks that use it`);
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function planTarget(
  current: FoundTrigger,
  given: WebhookChange,
  shared: EndpointRecord | undefined,
): { target: PlannedTarget; warnings: string[] } {
  const { targetURL: url, verificationToken: token, endpointId } = given;
  const isSameUrl = url === undefined || requireTargetUrl(url).href === hrefOf(current.targetUrl);
  const unused =
    token !== undefined && url === undefined ? ['verificationToken was not used: the target stays the same.'] : [];
  if (endpointId !== undefined && endpointId !== current.endpointId) {
    if (!isSameUrl) refuseField('#/endpointId', 'endpointId takes the place of targetURL: give one or the other');
    if (!shared?.isShared) refuseField('#/endpointId', 'Your license has no shared endpoint with this id.');
    return { target: { kind: 'shared', endpointId }, warnings: [...unused, ...endpointWarnings(shared)] };
  }
  if (isSameUrl) return { target: { kind: 'same' }, warnings: unused };
  return { target: { kind: 'url', url, token: requireToken(token, 'targetURL') }, warnings: [] };
}

function hrefOf(url: string): string | undefined {
  return url === '' ? undefined : new URL(url).href;
}

function planOptions(
  parts: Parts,
  current: FoundTrigger,
  given: WebhookChange,
  target: PlannedTarget,
): WantedOptions | undefined {
  const willShare = target.kind === 'shared' || (target.kind === 'same' && !current.ownsEndpoint);
  if (!willShare) {
    const wanted = wantedOptions(parts, optionsOf(current), given);
    // Asked here too, so that a target is not called for what is refused anyway.
    if (target.kind === 'url' && !current.ownsEndpoint) ownHeaders(parts.secrets, wanted, optionsOf(current));
    return wanted;
  }
  refuseOptions(given, viewDeliveryOptions(parts.secrets, optionsOf(current)));
  return undefined;
}

function planRule(
  { catalog }: Parts,
  current: FoundTrigger,
  given: WebhookChange,
): { change: TriggerChange; warnings: string[] } {
  if (given.service === undefined && given.metricName === undefined && given.condition === undefined) {
    return { change: {}, warnings: [] };
  }
  const service = given.service ?? current.service;
  const metricName = given.metricName ?? current.metricName;
  const condition = given.condition ?? current.condition;
  const metric = resolveMetric(catalog, { service, metricName });
  const { normalized, warnings } = requireCondition(metric, condition);
  const { kind: metricKind, name, valueKind } = metric;
  return {
    change: { service, metricName, metricKind, metric: name, valueKind, condition, normalizedCondition: normalized },
    warnings,
  };
}
