import type { Schema } from '@tripline/client';
import type { Endpoint, LogEvent, Webhook, WebhookState } from '../api/resources.js';
import { moment, plural, seconds } from '../parts/format.js';
import { tokenIdOf } from '../vehicle/did.js';

/** `ok`: not the reason. `bad`: explains it. `unknown`: might explain it, and cannot be told from here. */
export type Verdict = 'ok' | 'bad' | 'unknown';

/** What mends it: something that can be done at once, or the page where it can be done. */
export type Mend =
  | { kind: 'enable' }
  | { kind: 'subscribe' }
  | { kind: 'subscribe_some' }
  | { kind: 'edit' }
  | { kind: 'endpoint'; endpointId: string }
  | { kind: 'deliveries' }
  | { kind: 'log'; type: string };

/** One line of the diagnosis. */
export interface Check {
  id: string;
  verdict: Verdict;
  title: string;
  detail?: string;
  mend?: Mend;
}

/** All that the REST surface tells about it. Undefined is what could not be read, such as for want of a scope. */
export interface WhyNotFacts {
  webhook: Webhook;
  vehicle?: string | undefined;
  /** Since when the vehicle is subscribed; null when it is not. */
  subscribedAt?: string | null | undefined;
  state?: WebhookState | undefined;
  endpoint?: Endpoint | undefined;
  quota?: Schema<'Me'>['quota'] | undefined;
  /** Notices of the last `NOTICES_HOURS`, newest first. */
  notices?: readonly LogEvent[] | undefined;
  /** What the metric needs of a vehicle. */
  permissions?: readonly string[] | undefined;
  nowMs: number;
}

/** How far back the log is looked through. */
export const NOTICES_HOURS = 24;

/** Entries of the log that explain a firing that did not come: those of the license, and those of the webhook. */
export const NOTICE_TYPES = {
  license: 'trigger.throttled,quota.exceeded',
  webhook: 'condition.failed,subscription.revoked',
} as const;

/** Goes through everything that keeps a webhook from firing, in the order in which a sample meets it. */
export function diagnose(facts: WhyNotFacts): Check[] {
  const checks = [
    checkEnabled(facts),
    checkLicense(facts),
    facts.vehicle === undefined ? checkVehicles(facts) : checkSubscription(facts),
    checkPermission(facts),
    checkAge(facts),
    checkFailures(facts),
    checkCooling(facts),
    checkThrottling(facts),
    checkEndpoint(facts),
    checkLastFiring(facts),
  ];
  return checks.filter((check) => check !== undefined);
}

/** Sums it up in one sentence. */
export function summarise(checks: readonly Check[]): string {
  const reasons = checks.filter(({ verdict }) => verdict === 'bad').length;
  if (reasons === 1) return 'One thing explains it.';
  if (reasons > 1) return `${reasons} things explain it.`;
  return 'Nothing keeps it from firing. Try the sample that you expected.';
}

function checkEnabled({ webhook: { status } }: WhyNotFacts): Check {
  const id = 'enabled';
  if (status !== 'disabled') return { id, verdict: 'ok', title: 'The webhook is switched on.' };
  const detail = 'It looks at no sample until it is switched on.';
  return { id, verdict: 'bad', title: 'The webhook is switched off.', detail, mend: { kind: 'enable' } };
}

function checkLicense({ quota }: WhyNotFacts): Check | undefined {
  if (quota?.find(({ name }) => name === 'webhooks')?.limit !== 0) return undefined;
  const detail = 'What fires is kept and not sent. Ask whoever runs Tripline to raise the limit on webhooks.';
  return { id: 'license', verdict: 'bad', title: 'Your license may have no webhooks.', detail };
}

function checkVehicles({ webhook: { subscriptionCount: count, autoSubscribe } }: WhyNotFacts): Check {
  const id = 'vehicles';
  if (count > 0) {
    const title = `It watches ${plural(count, 'vehicle')}.`;
    const detail = 'Look for the one that you have in mind, and ask there: more can be said of one vehicle.';
    return { id, verdict: 'ok', title, detail, mend: { kind: 'subscribe_some' } };
  }
  const detail = autoSubscribe
    ? 'Vehicles that are shared with your license join by themselves, and none is shared.'
    : 'A webhook fires only for vehicles that are subscribed to it.';
  return { id, verdict: 'bad', title: 'It watches no vehicle.', detail, mend: { kind: 'subscribe_some' } };
}

function checkSubscription({ vehicle, subscribedAt, webhook, nowMs }: WhyNotFacts): Check {
  const id = 'vehicles';
  const name = `Vehicle ${tokenIdOf(vehicle ?? '')}`;
  if (subscribedAt === undefined) {
    return { id, verdict: 'unknown', title: `Whether ${name.toLowerCase()} is subscribed could not be read.` };
  }
  if (subscribedAt !== null) {
    const detail = `Since ${moment(subscribedAt, nowMs)}. Samples from before were not looked at.`;
    return { id, verdict: 'ok', title: `${name} is subscribed.`, detail };
  }
  const detail = webhook.autoSubscribe
    ? 'Vehicles that are shared with your license join by themselves within a minute or so: this one is not shared.'
    : 'The webhook looks at no sample of it.';
  return { id, verdict: 'bad', title: `${name} is not subscribed.`, detail, mend: { kind: 'subscribe' } };
}

/** A permission that ends takes the subscription with it, so a subscription shows that it is there. */
function checkPermission({ vehicle, subscribedAt, notices, permissions, nowMs }: WhyNotFacts): Check | undefined {
  const id = 'permission';
  const revoked = notices?.find((notice) => notice.type === 'subscription.revoked' && isAbout(notice, vehicle));
  const needs = permissions?.length ? `The metric needs: ${permissions.join(', ')}.` : undefined;
  if (vehicle !== undefined && subscribedAt) {
    const detail = 'A subscription ends as soon as the permission does.';
    return { id, verdict: 'ok', title: 'Your license may read the vehicle.', detail };
  }
  if (revoked !== undefined) {
    const detail = `That was at ${moment(revoked.time, nowMs)}, and its subscription ended. Have it shared again, then subscribe it.`;
    return { id, verdict: 'bad', title: 'A permission was withdrawn.', detail, mend: logOf('subscription.revoked') };
  }
  if (vehicle === undefined || subscribedAt === undefined) return undefined;
  const detail = ['Subscribing it tells.', needs].filter(Boolean).join(' ');
  return { id, verdict: 'unknown', title: 'Whether your license may read the vehicle is not known.', detail };
}

function checkAge({ webhook: { maxSampleAgeSeconds: mostAge } }: WhyNotFacts): Check | undefined {
  if (mostAge === null) return undefined;
  const title = `Samples that come more than ${seconds(mostAge)} late are not looked at.`;
  const detail = 'Which ones came late is not recorded.';
  return { id: 'age', verdict: 'unknown', title, detail, mend: { kind: 'edit' } };
}

function checkFailures({ webhook, notices, nowMs }: WhyNotFacts): Check {
  const id = 'condition';
  if (notices === undefined) return unreadLog(id, 'Whether the condition failed');
  const failed = notices.find(({ type, time }) => type === 'condition.failed' && time >= webhook.updatedAt);
  if (failed === undefined) {
    return { id, verdict: 'ok', title: `The condition did not fail in the last ${NOTICES_HOURS} hours.` };
  }
  const about = failed.vehicle === undefined ? '' : ` for vehicle ${tokenIdOf(failed.vehicle)}`;
  const message = typeof failed.data['message'] === 'string' ? failed.data['message'] : 'It does not say why.';
  const detail = `At ${moment(failed.time, nowMs)}${about}: ${message} This is told once an hour at most.`;
  return { id, verdict: 'bad', title: 'The condition could not be evaluated.', detail, mend: { kind: 'edit' } };
}

function checkCooling({ webhook: { coolDownPeriod }, vehicle, state, nowMs }: WhyNotFacts): Check {
  const id = 'cooling';
  if (coolDownPeriod === 0) return { id, verdict: 'ok', title: 'There is no cool-down.' };
  const period = seconds(coolDownPeriod);
  if (vehicle === undefined || state === undefined) {
    const title = `After a firing it rests ${period}, for each vehicle by itself.`;
    const detail = vehicle === undefined ? 'Choose a vehicle to see whether it is cooling.' : undefined;
    return { id, verdict: 'unknown', title, ...(detail && { detail }) };
  }
  const { coolingUntil, lastFiredAt } = state;
  if (coolingUntil !== null && Date.parse(coolingUntil) > nowMs) {
    const fired = lastFiredAt === null ? '' : `It fired at ${moment(lastFiredAt, nowMs)}. `;
    const detail = `${fired}The cool-down is ${period}; what meets the condition meanwhile is passed over.`;
    return {
      id,
      verdict: 'bad',
      title: `It is cooling until ${moment(coolingUntil, nowMs)}.`,
      detail,
      mend: { kind: 'edit' },
    };
  }
  const detail = `After a firing it rests ${period}.`;
  return { id, verdict: 'ok', title: 'It is not cooling now.', detail };
}

function checkThrottling({ quota, notices, nowMs }: WhyNotFacts): Check {
  const id = 'throttled';
  const throttled = notices?.find(({ type }) => type === 'trigger.throttled');
  const limit = quota?.find(({ name }) => name === 'firingsPerMinute');
  const most = limit === undefined ? '' : ` The limit is ${plural(limit.limit, 'firing')} a minute.`;
  if (throttled !== undefined) {
    const detail =
      `At ${moment(throttled.time, nowMs)}, samples that would have fired were passed over.${most} ` +
      'Make conditions fire less often, or ask whoever runs Tripline for more.';
    const title = 'Your license fired more often than it may.';
    return { id, verdict: 'bad', title, detail, mend: logOf('trigger.throttled') };
  }
  if (notices === undefined) return unreadLog(id, 'Whether firings were above the limit');
  const title = `No firing was above the limit in the last ${NOTICES_HOURS} hours.`;
  return { id, verdict: 'ok', title, ...(most !== '' && { detail: most.trim() }) };
}

/** It fires all the same: what is not sent is held. */
function checkEndpoint({ webhook, endpoint, nowMs }: WhyNotFacts): Check {
  const id = 'endpoint';
  if (endpoint === undefined) return { id, verdict: 'unknown', title: 'How the endpoint does could not be read.' };
  const mend: Mend = { kind: 'endpoint', endpointId: webhook.endpointId };
  const { status, statusReason, pausedUntil, lastError, failureCount } = endpoint;
  if (status !== 'active') {
    const words = { paused: 'switched off', failed: 'given up after nothing but failures', gone: 'gone' }[status];
    const detail = ['It fires, and what it fires is held.', statusReason ?? lastError].filter(Boolean).join(' ');
    return { id, verdict: 'bad', title: `The endpoint is ${words}.`, detail, mend };
  }
  if (pausedUntil !== null && Date.parse(pausedUntil) > nowMs) {
    const detail = ['It fires, and what it fires waits.', lastError].filter(Boolean).join(' ');
    return { id, verdict: 'bad', title: `Nothing is sent until ${moment(pausedUntil, nowMs)}.`, detail, mend };
  }
  if (failureCount > 0) {
    const times = failureCount === 1 ? 'The last firing' : `The last ${plural(failureCount, 'firing')}`;
    const title = `${times} did not arrive at the first attempt.`;
    return { id, verdict: 'bad', title, ...(lastError !== null && { detail: lastError }), mend };
  }
  const detail =
    endpoint.verifiedAt === null ? undefined : `It proved that it is yours at ${moment(endpoint.verifiedAt, nowMs)}.`;
  return { id, verdict: 'ok', title: 'The endpoint takes what is sent.', ...(detail && { detail }) };
}

/** Maybe it did fire. */
function checkLastFiring({ webhook, vehicle, state, nowMs }: WhyNotFacts): Check | undefined {
  const id = 'fired';
  const mend: Mend = { kind: 'deliveries' };
  const at = vehicle === undefined ? webhook.lastFiredAt : state?.lastFiredAt;
  if (at === undefined) return undefined;
  const what = vehicle === undefined ? '' : ' for this vehicle';
  if (at === null) return { id, verdict: 'unknown', title: `It has never fired${what}.` };
  const detail = 'Look there whether it is the one that you expected.';
  return { id, verdict: 'ok', title: `It fired last${what} at ${moment(at, nowMs)}.`, detail, mend };
}

function unreadLog(id: string, what: string): Check {
  const detail = 'Sign in with a token, or with a key that may read events.';
  return { id, verdict: 'unknown', title: `${what} could not be read.`, detail };
}

function logOf(type: string): Mend {
  return { kind: 'log', type };
}

/** One that names no vehicle was about several, and may be about this one. */
function isAbout({ vehicle }: LogEvent, wanted: string | undefined): boolean {
  return wanted === undefined || vehicle === undefined || vehicle === wanted;
}
