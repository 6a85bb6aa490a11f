import type { MetricKind, ValueKind } from './catalog.js';

export type TriggerStatus = 'enabled' | 'disabled' | 'failed';

/** What the engine needs to know of a developer's rule. Immutable: a change is a new object with a higher `revision`. */
export interface Trigger {
  id: string;
  license: string;
  /** Counts the trigger's changes; a chunk's commit is refused when it fired under an older one. */
  revision: number;
  status: TriggerStatus;
  /** Service and metric as registered: what answers and payloads echo. */
  service: string;
  metricName: string;
  /** The metric they name, as it stands on the wire. */
  metricKind: MetricKind;
  metric: string;
  valueKind: ValueKind;
  /** As registered; `normalizedCondition` is what is evaluated. */
  condition: string;
  normalizedCondition: string;
  cooldownMs: number;
  /** How old a sample may be when its record arrives; null for any age. */
  maxSampleAgeMs: number | null;
  /** Never empty: the id when the developer gave none. */
  displayName: string;
  endpointId: string;
}
