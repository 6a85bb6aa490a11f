import { z } from 'zod';
import { trialSample } from '../conditions/condition-fields.js';
import { deliveryOptionsView } from '../delivery-options-view.js';

/** What a test event is to tell of. */
export const testRequest = z
  .strictObject({
    sample: trialSample
      .optional()
      .meta({ description: 'As for `POST /v1/conditions/evaluate`; one that fits the metric is made up without it.' }),
  })
  .meta({ id: 'TestRequest' });
export type TestRequest = z.output<typeof testRequest>;

export const copyableAnswer = z
  .object({
    definition: z
      .object({
        service: z.string(),
        metricName: z.string(),
        condition: z.string(),
        coolDownPeriod: z.int(),
        maxSampleAgeSeconds: z.int().nullable(),
        description: z.string(),
        autoSubscribe: z.boolean(),
        displayName: z.string().optional(),
        targetURL: z.string(),
        ...deliveryOptionsView.omit({ publicKey: true }).shape,
      })
      .meta({
        description:
          'Makes the same webhook when it is posted with a `verificationToken`; dots stand for secret values.',
      }),
    example: z
      .object({
        method: z.literal('POST'),
        url: z.string(),
        headers: z.record(z.string(), z.string()),
        body: z.string(),
      })
      .meta({ description: 'A request as the webhook sends them, signed with the example secret.' }),
    exampleSecret: z.string(),
    examplePublicKey: z.string().nullable().meta({ description: 'Verifies the `v1a` signature of the example.' }),
  })
  .meta({ id: 'CopyableWebhook' });
export type Copyable = z.output<typeof copyableAnswer>;
