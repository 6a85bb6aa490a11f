import type { Catalog, Metric } from '../../core/catalog.js';
import { checkCondition } from '../../core/condition.js';
import { Problem } from '../problem.js';

export interface MetricName {
  service: string;
  metricName: string;
}

/** The metric that a service and a name stand for; throws a 400 with the nearest names when there is none. */
export function resolveMetric(catalog: Catalog, { service, metricName }: MetricName): Metric {
  const resolved = catalog.resolve(service, metricName);
  switch (resolved.kind) {
    case 'ok':
      return resolved.metric;
    case 'unknown_service': {
      const detail = `There is no service ${quoted(service)}: use telemetry.signals or telemetry.events.`;
      throw new Problem(400, {
        kind: 'unknown-metric',
        message: `Invalid service: ${service}`,
        detail,
        errors: [{ pointer: '#/service', detail }],
      });
    }
    case 'unknown_metric': {
      const { nearest } = resolved;
      const hint =
        nearest.length === 0 ? 'See GET /v1/webhooks/signals and /events.' : `Did you mean ${nearest.join(', ')}?`;
      const detail = `${service} has no metric ${quoted(metricName)}. ${hint}`;
      throw new Problem(400, {
        kind: 'unknown-metric',
        message: `Unknown metric: ${metricName}`,
        detail,
        errors: [{ pointer: '#/metricName', detail }],
        members: { nearest },
      });
    }
  }
}

/** What is evaluated for a condition, and what its author should know; throws a 400 that points at the mistake. */
export function requireCondition(metric: Metric, condition: string): { normalized: string; warnings: string[] } {
  const check = checkCondition(metric.valueKind, condition);
  if (check.kind === 'valid') return { normalized: check.normalized, warnings: check.warnings };
  const { code, message, line, column, length } = check.error;
  throw new Problem(400, {
    kind: 'invalid-condition',
    message: `invalid CEL condition: ${message}`,
    detail: `The condition is wrong at line ${line}, column ${column}: ${message}`,
    errors: [{ pointer: '#/condition', detail: message }],
    members: { conditionCode: code, line, column, length },
  });
}

function quoted(name: string): string {
  return JSON.stringify(name);
}
