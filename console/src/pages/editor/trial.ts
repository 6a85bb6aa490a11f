import type { Schema } from '@tripline/client';
import { allowedValues } from '../../condition/allowed-values.js';
import { readCircle } from '../../condition/circle.js';
import type { Metric } from '../../condition/metric.js';
import { numberOrNull, wholeOr, type WebhookDraft } from '../../webhook/webhook-draft.js';

/** A sample as it is typed, for metrics of every kind: those that do not fit the metric are left alone. */
export interface SampleDraft {
  number: number;
  text: string;
  latitude: number;
  longitude: number;
  source: string;
  metadata: string;
  /** Digits: more than a number can hold exactly. */
  durationNs: string;
  /** Separated by commas. */
  tags: string;
}

/** What a condition is tried on. */
export interface TrialDraft {
  sample: SampleDraft;
  /** Whether it fired before: otherwise there is no previous value. */
  hasFired: boolean;
  previous: SampleDraft;
  secondsSinceLastFiring: number;
  sampleAgeSeconds: number;
}

type Trial = Schema<'ConditionTrial'>;

/** A sample to begin with: one about which the condition has something to say, as far as that is easily seen. */
export function beginTrial(metric: Metric, condition: string): TrialDraft {
  const sample: SampleDraft = {
    number: numberFor(condition),
    text: /'([^']*)'|"([^"]*)"/.exec(condition)?.slice(1).find(Boolean) ?? allowedValues(metric)[0] ?? '',
    ...placeFor(condition),
    source: '',
    metadata: '',
    durationNs: '0',
    tags: '',
  };
  return {
    sample,
    previous: { ...sample, number: 0 },
    hasFired: false,
    secondsSinceLastFiring: 60,
    sampleAgeSeconds: 0,
  };
}

/** A number that meets the first comparison with one, as far as a glance tells. */
function numberFor(condition: string): number {
  const [, operator = '', digits = '0'] = /([<>]?)=?\s*(-?\d+(?:\.\d+)?)/.exec(condition) ?? [];
  return Number(digits) + (operator === '>' ? 1 : operator === '<' ? -1 : 0);
}

/** Where one would try a condition about places first: in the middle of its circle. */
function placeFor(condition: string): { latitude: number; longitude: number } {
  const { latitude, longitude } = readCircle(condition)?.circle ?? { latitude: 52.5163, longitude: 13.3777 };
  return { latitude, longitude };
}

/** What asks the API what would become of a sample. */
export function trialRequest(metric: Metric, draft: WebhookDraft, trial: TrialDraft): Trial {
  const { service, metricName, condition } = draft;
  return {
    service,
    metricName,
    condition,
    coolDownPeriod: wholeOr(draft.coolDownPeriod, 0),
    maxSampleAgeSeconds: numberOrNull(draft.maxSampleAgeSeconds),
    sample: sampleOf(metric, trial.sample),
    sampleAgeSeconds: wholeOr(trial.sampleAgeSeconds, 0),
    ...(trial.hasFired && {
      previous: sampleOf(metric, trial.previous),
      secondsSinceLastFiring: wholeOr(trial.secondsSinceLastFiring, 0),
    }),
  };
}

function sampleOf({ kind }: Metric, sample: SampleDraft): Trial['sample'] {
  const { source, metadata, durationNs } = sample;
  const tags = sample.tags.split(',').map((tag) => tag.trim());
  if (kind === 'event') {
    return { source, metadata, durationNs: durationNs.trim() || '0', tags: tags.filter((tag) => tag !== '') };
  }
  return { value: valueOf(kind, sample), source, metadata: '', durationNs: 0, tags: [] };
}

function valueOf(kind: 'number' | 'text' | 'location', sample: SampleDraft): Trial['sample']['value'] {
  switch (kind) {
    case 'number':
      return wholeOr(sample.number, 0);
    case 'text':
      return sample.text;
    case 'location':
      return { latitude: wholeOr(sample.latitude, 0), longitude: wholeOr(sample.longitude, 0), hdop: 0, heading: 0 };
  }
}
