import { z } from 'zod';
import { ATTEMPT_OUTCOMES } from '../../core/attempt-outcome.js';
import type { AttemptOutcome } from '../../core/attempt-outcome.js';
import { isObject } from '../../core/json.js';
import { envelopeOf, type LoggedEvent } from '../../core/log-envelope.js';
import { DELIVERY_STATUSES } from '../../store/delivery-log.js';
import type { AttemptOnRecord, DeliveryDetail, DeliveryRecord } from '../../store/delivery-log.js';

const time = z.iso.datetime({ precision: 3 });

const deliveryFields = {
  id: z.uuid(),
  eventId: z.uuid().meta({ description: 'The same in everything that is sent for an event: what to deduplicate by.' }),
  eventType: z.string().nullable().meta({ description: 'Null when the event is no longer on record.' }),
  webhookId: z.uuid().nullable().meta({ description: 'The webhook that the event concerns.' }),
  endpointId: z.uuid(),
  vehicle: z.string().nullable(),
  status: z.enum(DELIVERY_STATUSES).meta({
    description:
      'A `held` one waits for `recover`: its endpoint is failed, gone or disabled. Deleting a webhook or withdrawing a ' +
      'permission cancels what is pending.',
  }),
  attemptCount: z.int(),
  nextAttemptAt: time.nullable().meta({ description: 'Null once it is settled.' }),
  createdAt: time,
  deliveredAt: time.nullable(),
  lastStatusCode: z.int().nullable(),
  lastError: z.string().nullable(),
  isTest: z.boolean(),
};

/** A delivery as the REST surface shows it. */
export const deliveryView = z.object(deliveryFields).meta({ id: 'Delivery' });
export type DeliveryView = z.output<typeof deliveryView>;

const headers = z.record(z.string(), z.string());

export const attemptView = z
  .object({
    number: z.int().meta({ description: 'From 1.' }),
    startedAt: time,
    durationMs: z.int(),
    outcome: z.enum(ATTEMPT_OUTCOMES),
    statusCode: z.int().nullable(),
    error: z.string().nullable(),
    requestHeaders: headers.nullable().meta({ description: 'Signatures are shortened, secrets are dots.' }),
    responseHeaders: headers.nullable(),
    responseBody: z.string().nullable().meta({ description: 'At most 16 KiB.' }),
    truncated: z.boolean().meta({ description: 'Whether the answer was longer than what is kept.' }),
  })
  .meta({ id: 'Attempt' });
export type AttemptView = z.output<typeof attemptView>;

/** A delivery with everything that is known of it. */
export const deliveryDetailView = z
  .object({
    ...deliveryFields,
    payload: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: 'The CloudEvent that is sent; null when the event is no longer on record.' }),
    attempts: z.array(attemptView).meta({ description: 'The latest 50, oldest first.' }),
  })
  .meta({ id: 'DeliveryDetail' });
export type DeliveryDetailView = z.output<typeof deliveryDetailView>;

/** Shows a delivery. */
export function viewDelivery(delivery: DeliveryRecord): DeliveryView {
  const { status, settledAt } = delivery;
  return {
    id: delivery.id,
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    webhookId: delivery.triggerId,
    endpointId: delivery.endpointId,
    vehicle: delivery.vehicle,
    status,
    attemptCount: delivery.attempts,
    nextAttemptAt: delivery.dueAt?.toISOString() ?? null,
    createdAt: delivery.createdAt.toISOString(),
    deliveredAt: status === 'delivered' && settledAt !== null ? settledAt.toISOString() : null,
    lastStatusCode: delivery.lastStatusCode,
    lastError: delivery.lastError,
    isTest: delivery.isTest,
  };
}

/** Shows a delivery with its event as it is sent, and its attempts. */
export function viewDeliveryDetail({ delivery, event, attempts }: DeliveryDetail): DeliveryDetailView {
  return {
    ...viewDelivery(delivery),
    payload: event === undefined ? null : sentOf(event, delivery.isTest),
    attempts: attempts.map(viewAttempt),
  };
}

/** A test was sent what its log event has within. */
function sentOf(event: LoggedEvent, isTest: boolean): Record<string, unknown> {
  if (!isTest) return JSON.parse(envelopeOf(event)) as Record<string, unknown>;
  return (JSON.parse(event.payload) as { sent: Record<string, unknown> }).sent;
}

function viewAttempt(attempt: AttemptOnRecord): AttemptView {
  const { number, durationMs, outcome, statusCode, error, responseBody } = attempt;
  return {
    number,
    startedAt: attempt.startedAt.toISOString(),
    durationMs,
    // Nothing else is ever written.
    outcome: outcome as AttemptOutcome,
    statusCode,
    error,
    requestHeaders: headersOf(attempt.requestHeaders),
    responseHeaders: headersOf(attempt.responseHeaders),
    responseBody,
    truncated: attempt.isTruncated,
  };
}

/** A header that came more than once has a list of values. */
function headersOf(text: string | null): Record<string, string> | null {
  if (text === null) return null;
  const parsed: unknown = JSON.parse(text);
  if (!isObject(parsed)) return null;
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
  );
}
