import type { Metric, Webhook } from '../../api/resources.js';

/** The metric that a webhook watches. Service and name may be written in any of the ways that the API takes. */
export function metricOf(
  catalog: readonly Metric[] | undefined,
  { service, metricName }: Pick<Webhook, 'service' | 'metricName'>,
): Metric | undefined {
  const isEvent = service.endsWith('events');
  const name = metricName.replace(/^vss\./, '');
  return catalog?.find(
    (metric) =>
      (metric.service === 'telemetry.events') === isEvent && (metric.name === name || metric.aliases.includes(name)),
  );
}
