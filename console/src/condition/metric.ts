import { allowedValues } from './allowed-values.js';
import { everydayWords } from './everyday-words.js';

/** How a condition sees a metric's values. */
export type ValueKind = 'number' | 'text' | 'location' | 'event';

/** Something that a webhook can watch: a signal or an event of the catalogue. */
export interface Metric {
  service: 'telemetry.signals' | 'telemetry.events';
  name: string;
  kind: ValueKind;
  /** VSS name of the unit, "" when there is none. */
  unit: string;
  description: string;
  /** Older names that mean the same. */
  aliases: readonly string[];
  /** What a vehicle's owner has to have shared. */
  permissions: readonly string[];
}

/** What a webhook watches, in the words it was registered with. */
export interface WatchedMetric {
  service: string;
  metricName: string;
}

/**
 * The metric of the catalogue that registered words mean, under whichever of its spellings: `signals` with `vss.speed`,
 * an event's older name. Undefined for one that the catalogue does not have.
 */
export function findMetric(metrics: readonly Metric[], { service, metricName }: WatchedMetric): Metric | undefined {
  const isEvent = isEventService(service);
  const name = isEvent ? metricName : metricName.replace(/^vss\./, '');
  return metrics.find(
    (metric) =>
      (metric.kind === 'event') === isEvent && (metric.name === name || (isEvent && metric.aliases.includes(name))),
  );
}

/** The metric that a link names: its own name, or the one it is registered under. */
export function metricByName(metrics: readonly Metric[], name: string): Metric | undefined {
  const services = ['telemetry.signals', 'telemetry.events'];
  return services.map((service) => findMetric(metrics, { service, metricName: name })).find((metric) => metric);
}

/**
 * What to take a metric for that the catalogue does not have (any more): its condition is shown as it is, and checked
 * by the API, which says what is wrong.
 */
export function unknownMetric({ service, metricName }: WatchedMetric): Metric {
  const isEvent = isEventService(service);
  return {
    service: isEvent ? 'telemetry.events' : 'telemetry.signals',
    name: metricName,
    kind: isEvent ? 'event' : 'number',
    unit: '',
    description: '',
    aliases: [],
    permissions: [],
  };
}

/** All spellings of the services of events begin with or contain the word. */
function isEventService(service: string): boolean {
  return service.includes('events');
}

/**
 * The metrics that have every word of a query in their name, description or unit, or that people call so: those whose
 * name begins with it first, then those whose name has it, then the others, each in the order of the catalogue.
 */
export function searchMetrics(metrics: readonly Metric[], query: string): Metric[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...metrics];
  const ranked = metrics
    .map((metric) => ({ metric, rank: rankOf(metric, words) }))
    .filter(({ rank }) => rank < NO_MATCH);
  return ranked.sort((left, right) => left.rank - right.rank).map(({ metric }) => metric);
}

const NO_MATCH = 3;

function rankOf(metric: Metric, words: readonly string[]): number {
  const name = metric.name.toLowerCase();
  const all = [
    name,
    metric.description,
    metric.unit,
    everydayWords(metric.name),
    ...metric.aliases,
    ...allowedValues(metric),
  ]
    .join('\n')
    .toLowerCase();
  if (!words.every((word) => all.includes(word))) return NO_MATCH;
  if (name.startsWith(words[0]!)) return 0;
  return words.every((word) => name.includes(word)) ? 1 : 2;
}

/** What a metric's values are, in a few words: "number in km/h", "text", "event". */
export function valueWords({ kind, unit }: Pick<Metric, 'kind' | 'unit'>): string {
  return unit === '' ? kind : `${kind} in ${unit}`;
}
