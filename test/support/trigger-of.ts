import { randomUUID } from 'node:crypto';
import { builtInCatalog } from '../../src/core/catalog.js';
import type { Trigger } from '../../src/core/trigger.js';

/** An enabled trigger on `speed` without a cool-down, except for what is given. */
export function triggerOf(given: Partial<Trigger> = {}): Trigger {
  const id = given.id ?? randomUUID();
  const metricKind = given.metricKind ?? 'signal';
  const metric = given.metric ?? 'speed';
  const condition = given.condition ?? 'valueNumber > 0';
  return {
    ...{ id, license: '0x0000000000000000000000000000000000000001', revision: 1, status: 'enabled' },
    ...{ service: metricKind === 'signal' ? 'telemetry.signals' : 'telemetry.events', metricName: metric },
    ...{ metricKind, metric, valueKind: builtInCatalog.find(metricKind, metric)!.valueKind },
    ...{
      condition,
      normalizedCondition: condition,
      cooldownMs: 0,
      maxSampleAgeMs: null,
      displayName: id,
      endpointId: randomUUID(),
    },
    ...given,
  };
}
