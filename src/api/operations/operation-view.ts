import { z } from 'zod';
import type { BulkKind, BulkProgress, FailedVehicle, FoundOperation } from '../../store/operations.js';
import { isSubscribing } from './page-judge.js';

/** What became of a refused vehicle; of permissions in the original's words. */
export const VERDICT_MESSAGES: Readonly<Record<FailedVehicle['verdict'], string>> = {
  denied: 'Insufficient vehicle permissions',
  unknown: 'Failed to validate permissions',
  over_quota: 'Quota exceeded: subscriptions',
};

export const subscribedAnswer = z
  .object({
    message: z.string(),
    subscribed: z.int().meta({ description: 'How many are subscribed that were not.' }),
    alreadySubscribed: z.int(),
    failedSubscriptions: z
      .array(z.object({ assetDid: z.string(), message: z.string() }))
      .optional()
      .meta({
        description: 'Vehicles that were refused, or that there was no room for. They do not hinder the others.',
      }),
    failedSubscriptionsOmitted: z
      .int()
      .optional()
      .meta({ description: 'How many more were refused than are named: an operation names 1,000, an answer 100,000.' }),
  })
  .meta({ id: 'Subscribed' });

export const unsubscribedAnswer = z
  .object({ message: z.string(), unsubscribed: z.int().meta({ description: 'How many were subscribed.' }) })
  .meta({ id: 'Unsubscribed' });

const error = z.string().optional().meta({
  description:
    'Why it ended before all was done: the webhook was deleted, permissions could not be had, or it failed for an hour.',
});

export const operationView = z
  .object({
    done: z.int().meta({ description: 'How many vehicles are through. Never goes back.' }),
    total: z.int().nullable().meta({ description: 'Null while the list of vehicles is being made.' }),
    completed: z.boolean(),
    result: z
      .union([subscribedAnswer.extend({ error }), unsubscribedAnswer.extend({ error })])
      .optional()
      .meta({ description: 'When it is completed: what the call would have answered.' }),
  })
  .meta({ id: 'Operation' });
export type OperationView = z.output<typeof operationView>;

export const continuesAnswer = z.object({ operationId: z.uuid(), message: z.string() }).meta({ id: 'Continues' });

type Progress = BulkProgress & { total: number };

/** What a call that subscribes answers when it is done. */
export function viewSubscribed(progress: Progress): z.output<typeof subscribedAnswer> {
  const { changed, already, failed, failedCount } = progress;
  const failedSubscriptions = failed.map(({ vehicle, verdict }) => {
    return { assetDid: vehicle, message: VERDICT_MESSAGES[verdict] };
  });
  const omitted = failedCount - failed.length;
  return {
    message: `Subscribed ${changed} assets`,
    subscribed: changed,
    alreadySubscribed: already,
    ...(failedSubscriptions.length > 0 ? { failedSubscriptions } : {}),
    ...(omitted > 0 ? { failedSubscriptionsOmitted: omitted } : {}),
  };
}

/** What a call that unsubscribes answers: of a list its length, as the original does, of all what was there. */
export function viewUnsubscribed(kind: BulkKind, { changed, total }: Progress): z.output<typeof unsubscribedAnswer> {
  const message = kind === 'unsubscribe' ? `Unsubscribed ${total} assets` : `Unsubscribed ${changed} vehicles`;
  return { message, unsubscribed: changed };
}

/** Shows how far an operation is. */
export function viewOperation({ kind, progress, total, isCompleted, error: why }: FoundOperation): OperationView {
  const { done } = progress;
  const shown = { done, total: total ?? null, completed: isCompleted };
  if (!isCompleted) return shown;
  const counted = { ...progress, total: total ?? 0 };
  const result = isSubscribing(kind) ? viewSubscribed(counted) : viewUnsubscribed(kind, counted);
  return { ...shown, result: { ...result, ...(why === undefined ? {} : { error: why }) } };
}
