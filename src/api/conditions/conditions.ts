import type { Catalog, Metric } from '../../core/catalog.js';
import { checkCondition, compileCondition, explainCondition, readAloud } from '../../core/condition.js';
import { evaluate } from '../../core/evaluate.js';
import { ZERO_LOCATION } from '../../core/sample.js';
import type { Reading, SignalReading } from '../../core/sample.js';
import { refuseField } from '../fields.js';
import type { CheckAnswer, ConditionToCheck, ConditionTrial, TrialAnswer, TrialSample } from './condition-fields.js';
import { requireCondition, resolveMetric } from './watched-metric.js';

/** Any instant will do: only the time since the last firing counts. */
const ARRIVAL_MS = Date.UTC(2026, 0, 1);

/** A trial fires for nobody. */
const NO_ORIGIN = { vehicle: '', index: 0, producer: '' };

/** Says whether a condition would be accepted for a metric, and if not, where it is wrong. */
export function checkForMetric(catalog: Catalog, request: ConditionToCheck): CheckAnswer {
  const metric = resolveMetric(catalog, request);
  const check = checkCondition(metric.valueKind, request.condition);
  if (check.kind === 'invalid') return { valid: false, warnings: [], error: check.error };
  const { normalized, readsPrevious, cost, warnings } = check;
  const reading = readAloud(metric.valueKind, normalized, metric);
  return { valid: true, normalized, reading, readsPrevious, cost, warnings };
}

/** Says what would become of one sample, and which clause of the condition decides. Throws when the condition is wrong. */
export function tryCondition(catalog: Catalog, trial: ConditionTrial): TrialAnswer {
  const metric = resolveMetric(catalog, trial);
  const { normalized, warnings } = requireCondition(metric, trial.condition);
  const timestamp = new Date(ARRIVAL_MS - trial.sampleAgeSeconds * 1000).toISOString();
  const sample = { ...readTrialSample(metric, trial.sample, '#/sample'), ...NO_ORIGIN, timestamp, name: metric.name };
  const maxSampleAgeMs = trial.maxSampleAgeSeconds === null ? null : trial.maxSampleAgeSeconds * 1000;
  const previous = trial.previous && readTrialSample(metric, trial.previous, '#/previous');
  const since = trial.secondsSinceLastFiring;
  const outcome = evaluate(
    {
      condition: compileCondition(metric.valueKind, normalized),
      cooldownMs: trial.coolDownPeriod * 1000,
      maxSampleAgeMs,
    },
    { version: 0, sequence: 0, previous, firedAtMs: since === undefined ? undefined : ARRIVAL_MS - since * 1000 },
    sample,
    ARRIVAL_MS,
  );
  const { parts } = explainCondition(metric.valueKind, normalized, sample, previous);
  return {
    outcome: outcome.kind,
    normalized,
    parts,
    ...(outcome.kind === 'cooling' ? { coolingSeconds: (outcome.untilMs - ARRIVAL_MS) / 1000 } : {}),
    ...(outcome.kind === 'failed' ? { error: { code: outcome.code, message: outcome.message } } : {}),
    warnings,
  };
}

/** What a given sample is for a metric; throws a 400 when its value is of another kind. */
export function readTrialSample(metric: Metric, given: TrialSample, pointer: '#/sample' | '#/previous'): Reading {
  const { source, metadata, tags } = given;
  if (metric.valueKind === 'event') {
    return { kind: 'event', name: metric.name, source, metadata, durationNs: BigInt(given.durationNs), tags };
  }
  return { ...ZERO_SIGNAL, ...readValue(metric, given.value, `${pointer}/value`), source };
}

const ZERO_SIGNAL: SignalReading = {
  kind: 'signal',
  valueNumber: 0,
  valueString: '',
  valueLocation: ZERO_LOCATION,
  source: '',
};

function readValue(metric: Metric, value: TrialSample['value'], pointer: string): Partial<SignalReading> {
  if (metric.valueKind === 'number' && typeof value === 'number') return { valueNumber: value };
  if (metric.valueKind === 'string' && typeof value === 'string') return { valueString: value };
  if (metric.valueKind === 'location' && typeof value === 'object') return { valueLocation: value };
  const wanted = { number: 'a number', string: 'a string', location: 'a location', event: '' }[metric.valueKind];
  refuseField(pointer, `${metric.name} needs ${wanted} as value`);
}
