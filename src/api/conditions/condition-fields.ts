import { z } from 'zod';
import { text } from '../fields.js';
import {
  conditionField,
  cooldownField,
  metricNameField,
  sampleAgeField,
  serviceField,
} from '../triggers/trigger-fields.js';

const SAMPLE_TEXT_LENGTH_MAX = 8192;
const TAGS_MAX = 100;
const SECONDS_MAX = 2 ** 31;

/** What is to be checked. */
export const conditionToCheck = z
  .object({ service: serviceField, metricName: metricNameField, condition: conditionField })
  .meta({ id: 'ConditionToCheck' });
export type ConditionToCheck = z.output<typeof conditionToCheck>;

const location = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  hdop: z.number().default(0),
  heading: z.number().default(0),
});

/** What a condition is tried on, and what a test event tells of. */
export const trialSample = z
  .strictObject({
    value: z
      .union([z.number(), text(SAMPLE_TEXT_LENGTH_MAX), location], {
        error: () => 'must be a number, a string or a location',
      })
      .optional()
      .meta({ description: 'Of a signal: a number, a string or a location, as its metric has.' }),
    source: text(SAMPLE_TEXT_LENGTH_MAX).default(''),
    metadata: text(SAMPLE_TEXT_LENGTH_MAX).default('').meta({ description: 'Of an event: JSON as text.' }),
    durationNs: z
      .union([z.int().min(0), z.string().regex(/^\d{1,20}$/)], { error: () => 'must be a whole number of nanoseconds' })
      .default(0)
      .meta({ description: 'Of an event: nanoseconds; as text where a number would lose digits.' }),
    tags: z.array(text(SAMPLE_TEXT_LENGTH_MAX)).max(TAGS_MAX).default([]).meta({ description: 'Of an event.' }),
  })
  .meta({ id: 'TrialSample' });
export type TrialSample = z.output<typeof trialSample>;

/** A condition with what it is to be tried on. */
export const conditionTrial = z
  .object({
    service: serviceField,
    metricName: metricNameField,
    condition: conditionField,
    sample: trialSample,
    previous: trialSample.optional().meta({ description: 'The sample that fired last; none before the first firing.' }),
    coolDownPeriod: cooldownField.default(0),
    maxSampleAgeSeconds: sampleAgeField.default(null),
    sampleAgeSeconds: z
      .number()
      .min(0)
      .max(SECONDS_MAX)
      .default(0)
      .meta({ description: 'How old the sample is when its record arrives.' }),
    secondsSinceLastFiring: z
      .number()
      .min(0)
      .max(SECONDS_MAX)
      .optional()
      .meta({ description: 'When it fired last; not given, it never did, and nothing is cooling.' }),
  })
  .meta({ id: 'ConditionTrial' });
export type ConditionTrial = z.output<typeof conditionTrial>;

const place = {
  line: z.int().meta({ description: 'From 1.' }),
  column: z.int().meta({ description: 'From 1, in UTF-16 units.' }),
  length: z.int(),
};

export const checkAnswer = z
  .object({
    valid: z.boolean(),
    normalized: z.string().optional().meta({ description: 'What would be evaluated.' }),
    reading: z.string().optional().meta({ description: 'The condition as a sentence.' }),
    readsPrevious: z.boolean().optional().meta({ description: 'Whether it depends on the last firing.' }),
    cost: z.number().optional().meta({ description: 'Steps of one evaluation at worst.' }),
    warnings: z.array(z.string()),
    error: z.object({ code: z.string(), message: z.string(), ...place }).optional(),
  })
  .meta({ id: 'ConditionCheck' });
export type CheckAnswer = z.output<typeof checkAnswer>;

export const trialAnswer = z
  .object({
    outcome: z.enum(['fired', 'not_met', 'cooling', 'stale', 'failed']),
    normalized: z.string().meta({ description: 'What was evaluated; parts are ranges of it.' }),
    parts: z.array(
      z.object({
        text: z.string(),
        ...place,
        value: z.boolean().nullable().meta({ description: 'Null where evaluation did not reach it.' }),
      }),
    ),
    coolingSeconds: z.number().optional().meta({ description: 'How long it would go on cooling.' }),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'ConditionTrialResult' });
export type TrialAnswer = z.output<typeof trialAnswer>;
