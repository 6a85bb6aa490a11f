import { outcomeOf } from '../core/attempt-outcome.js';
import { attemptRecord } from '../core/attempt-record.js';
import type { DeliveryTarget } from '../core/endpoint.js';
import type { FiringGist } from '../core/firing-gist.js';
import { envelopeOf } from '../core/log-envelope.js';
import { retryAfterMs } from '../core/retry-after.js';
import { longestLifeMs, nextAttemptMs, parseRetrySchedule, type RetrySchedule } from '../core/retry-schedule.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { DueDelivery } from '../store/due-delivery.js';
import type { Settlement } from '../store/settlement.js';
import { deliveryRequest } from '../target/delivery-request.js';
import type { TargetAnswer, TargetClient, TargetRequest } from '../target/http-client.js';
import type { SecretBox } from '../target/secret-box.js';
import type { Admission, Admitted } from './admission.js';
import type { DeliveryQuota } from './delivery-quota.js';
import type { Roster } from './roster.js';

export interface DeliveringOptions {
  client: Pick<TargetClient, 'post'>;
  secrets: Pick<SecretBox, 'open'>;
  admission: Pick<Admission, 'judge'>;
  quota: Pick<DeliveryQuota, 'take'>;
  roster: Pick<Roster, 'begin' | 'learn' | 'isOpen'>;
  /** Of endpoints that have none of their own, like `timeoutMs`. */
  schedule: RetrySchedule;
  timeoutMs: number;
  /** Ms since 1970. Only what is told to receivers comes from it. */
  clock: () => number;
  /** Ms that never go back. */
  ticks: () => number;
  random: () => number;
  log: Log;
  metrics: Metrics;
  /** Whether it is still for us to send to the endpoint, now. */
  mayBegin: (endpointId: string) => boolean;
  /** The endpoint answered at this URL that it wants nothing any more. */
  onGone: (endpointId: string, url: string, reason: string) => void;
}

interface Made {
  delivery: DueDelivery;
  target: DeliveryTarget;
  startedMs: number;
  shownHeaders: Record<string, string>;
  wasProbe: boolean;
}

/** One delivery, from its turn to what is to be written of it. */
export class Delivering {
  constructor(private readonly options: DeliveringOptions) {}

  /**
   * What becomes of the delivery; undefined when nothing does, since its endpoint was lost or is to be left alone by the
   * time its permission is known, or its license has no more requests in this minute. Rejects, without an attempt, when
   * no request could be made of it.
   */
  async deliver(delivery: DueDelivery): Promise<Settlement | undefined> {
    const judged = this.options.admission.judge(delivery);
    const admitted = judged instanceof Promise ? await judged : judged;
    if (!this.options.mayBegin(delivery.endpointId)) return undefined;
    if (admitted.kind !== 'send') return this.withoutAttempt(delivery, admitted);
    const taken = this.options.quota.take(delivery.license);
    if (taken instanceof Promise && !((await taken) && this.options.mayBegin(delivery.endpointId))) return undefined;
    return this.attempt(delivery, admitted);
  }

  /** What was queued longer ago than this would have had all its attempts. */
  expiryAgeMs(target: DeliveryTarget): number {
    return longestLifeMs(this.scheduleOf(target), this.timeoutOf(target)) + EXPIRY_SLACK_MS;
  }

  private withoutAttempt(delivery: DueDelivery, admitted: Exclude<Admitted, { kind: 'send' }>): Settlement {
    this.options.metrics.deliveries.inc({ outcome: admitted.kind });
    if (admitted.kind === 'postponed') return { delivery, outcome: 'retry', retryInMs: admitted.waitMs };
    const { kind: outcome, error } = admitted;
    return { delivery, outcome, ...(error === undefined ? {} : { error }) };
  }

  private async attempt(
    delivery: DueDelivery,
    { payload, target, event }: Extract<Admitted, { kind: 'send' }>,
  ): Promise<Settlement> {
    const { client, ticks, roster } = this.options;
    const startedMs = ticks();
    const { request, shownHeaders } = this.requestOf(delivery, { payload, target, event });
    const wasProbe = roster.isOpen(delivery.endpointId);
    roster.begin(delivery);
    request.timeoutMs = this.timeoutOf(target);
    const answer = await client.post(request);
    return this.decide({ delivery, target, startedMs, shownHeaders, wasProbe }, answer);
  }

  private requestOf(
    delivery: DueDelivery,
    { payload, target, event }: { payload: string; target: DeliveryTarget; event: FiringGist | undefined },
  ): { request: TargetRequest; shownHeaders: Record<string, string> } {
    const { id: deliveryId, eventId, eventType, license, triggerId, vehicle, aboutEndpointId } = delivery;
    const logged = { id: eventId, type: eventType, license, triggerId, endpointId: aboutEndpointId, vehicle, payload };
    const envelope = envelopeOf(logged);
    const message = {
      deliveryId,
      eventId,
      eventType,
      attempt: delivery.attempt + 1,
      nowMs: this.options.clock(),
      envelope,
      // What was read is of the payload, which is not the envelope of all events.
      event: envelope === payload ? event : undefined,
    };
    return deliveryRequest(message, target, this.options.secrets);
  }

  private decide(made: Made, answer: TargetAnswer): Settlement {
    const { random, metrics, roster } = this.options;
    const { delivery, target } = made;
    const verdict = outcomeOf(answer);
    const attempt = attemptRecord(made, answer, verdict);
    metrics.deliverySeconds.observe(answer.durationMs / 1_000);
    metrics.attempts.inc({ outcome: verdict.outcome });
    const askedMs = verdict.next === 'done' ? undefined : this.askedMs(answer);
    const delayMs = verdict.next === 'retry' ? this.delayMs(delivery, target) : undefined;
    const outcome = settledAs(verdict.next, delayMs);
    const kind = verdict.next === 'done' ? 'arrived' : verdict.outcome === 'timeout' ? 'timeout' : 'failed';
    const { wasProbe } = made;
    const impression = { outcome: kind, durationMs: answer.durationMs, retryAfterMs: askedMs, wasProbe } as const;
    const pauseMs = roster.learn(delivery, impression, random());
    const settlement: Settlement = { delivery, outcome, attempt };
    if (delayMs !== undefined) settlement.retryInMs = Math.max(delayMs, askedMs ?? 0);
    if (pauseMs !== undefined) settlement.pauseMs = pauseMs;
    metrics.deliveries.inc({ outcome: outcome === 'retry' ? 'retried' : outcome });
    this.logAttempt(made, settlement, askedMs);
    if (verdict.next === 'give_up_endpoint') this.options.onGone(delivery.endpointId, target.url, verdict.error!);
    return settlement;
  }

  /** For how long the receiver asks to be left alone; a time that it names is taken by its own clock, if it tells that. */
  private askedMs(answer: TargetAnswer): number | undefined {
    const itsNowMs = Date.parse(headerOf(answer, 'date') ?? '');
    return retryAfterMs(headerOf(answer, 'retry-after'), Number.isNaN(itsNowMs) ? this.options.clock() : itsNowMs);
  }

  /** How long to wait for the next attempt; undefined when that was the last of its round. */
  private delayMs({ attempt, round }: DueDelivery, target: DeliveryTarget): number | undefined {
    return nextAttemptMs(this.scheduleOf(target), attempt - round + 1, this.options.random());
  }

  private scheduleOf({ retry }: DeliveryTarget): RetrySchedule {
    const own = retry === null ? undefined : parseRetrySchedule(retry);
    return own?.kind === 'ok' ? own.schedule : this.options.schedule;
  }

  private timeoutOf({ timeoutSeconds }: DeliveryTarget): number {
    return timeoutSeconds === null ? this.options.timeoutMs : timeoutSeconds * 1_000;
  }

  /**
   * The one line of an attempt, with everything that is known of it, but nothing of where it went. Only one that failed
   * is written by default: what arrived is in the log of deliveries, and its line was a tenth of sending.
   */
  private logAttempt({ delivery, target, startedMs }: Made, settlement: Settlement, askedMs?: number): void {
    const { outcome, statusCode, error, durationMs } = settlement.attempt!;
    const fields = {
      delivery: delivery.id,
      event: delivery.eventId,
      type: delivery.eventType,
      license: delivery.license,
      trigger: delivery.triggerId,
      vehicle: delivery.vehicle,
      endpoint: delivery.endpointId,
      profile: target.profile,
      attempt: delivery.attempt + 1,
      outcome,
      statusCode,
      error,
      durationMs: Math.round(durationMs),
      ageMs: Math.round(startedMs - delivery.createdTicksMs),
      settled: settlement.outcome,
      retryInMs: rounded(settlement.retryInMs),
      retryAfterMs: askedMs ?? null,
      breaker: this.options.roster.isOpen(delivery.endpointId) ? 'open' : 'closed',
      pauseMs: rounded(settlement.pauseMs),
    };
    this.options.log[outcome === 'delivered' ? 'debug' : 'info'](fields, 'attempt to deliver');
  }
}

/** A delivery may have waited so long for its turn, in all. */
const EXPIRY_SLACK_MS = 60_000;

function settledAs(next: 'done' | 'retry' | 'give_up_endpoint', delayMs: number | undefined): Settlement['outcome'] {
  if (next === 'done') return 'delivered';
  if (next === 'give_up_endpoint') return 'held';
  return delayMs === undefined ? 'failed' : 'retry';
}

function headerOf(answer: TargetAnswer, name: string): string | undefined {
  return answer.kind === 'answered' ? answer.headers[name] : undefined;
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms);
}
