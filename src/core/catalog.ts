import { EVENT_PERMISSIONS, EVENTS } from './catalog-events.js';
import { SIGNALS } from './catalog-signals.js';

export type MetricKind = 'signal' | 'event';

/** How a condition sees a metric's values. */
export type ValueKind = 'number' | 'string' | 'location' | 'event';

export interface SignalDefinition {
  /** As in the message: `speed`. */
  name: string;
  /** VSS name of the unit, "" when there is none. */
  unit: string;
  valueType: 'float64' | 'string' | 'vss.Location';
  description: string;
  /** Privileges that a license needs of a vehicle, all of them. */
  permissions: readonly string[];
}

export interface EventDefinition {
  /** As in the message: `behavior.harshBraking`. */
  name: string;
  /** Older names under which developers may still register it. */
  aliases: readonly string[];
  description: string;
  permissions: readonly string[];
}

/** What a registered service and metric name mean. */
export interface Metric {
  kind: MetricKind;
  name: string;
  valueKind: ValueKind;
  unit: string;
  valueType: string;
  permissions: readonly string[];
}

export type ResolvedMetric =
  { kind: 'ok'; metric: Metric } | { kind: 'unknown_service' } | { kind: 'unknown_metric'; nearest: string[] };

/** Every spelling of the two services that documents of any year use. */
const SERVICES: Readonly<Record<string, MetricKind>> = {
  'telemetry.signals': 'signal',
  signals: 'signal',
  'signals.vss': 'signal',
  'telemetry.events': 'event',
  events: 'event',
  'events.behavior': 'event',
  'events.safety': 'event',
};

const VALUE_KINDS: Readonly<Record<SignalDefinition['valueType'], ValueKind>> = {
  float64: 'number',
  string: 'string',
  'vss.Location': 'location',
};

const NEAREST_NAMES_MAX = 3;

/** The metrics that exist. Immutable; operators extend the built-in one with `extendCatalog`. */
export class Catalog {
  /** Every permission that some metric needs, in the order of their names. */
  readonly permissions: readonly string[];
  private readonly metrics: Record<MetricKind, Map<string, Metric>>;
  private readonly eventAliases: Map<string, string>;

  constructor(
    readonly signals: readonly SignalDefinition[],
    readonly events: readonly EventDefinition[],
  ) {
    this.metrics = {
      signal: new Map(signals.map((definition) => [definition.name, signalMetric(definition)])),
      event: new Map(events.map((definition) => [definition.name, eventMetric(definition)])),
    };
    this.permissions = [...new Set([...signals, ...events].flatMap(({ permissions }) => permissions))].sort();
    this.eventAliases = new Map(events.flatMap(({ name, aliases }) => aliases.map((alias) => [alias, name] as const)));
  }

  /** The metric with this name on the wire. */
  find(kind: MetricKind, name: string): Metric | undefined {
    return this.metrics[kind].get(name);
  }

  /** What reading a metric takes. One that the operator has taken out may tell anything: it takes what events do. */
  permissionsOf({ metricKind, metric }: { metricKind: MetricKind; metric: string }): readonly string[] {
    return this.find(metricKind, metric)?.permissions ?? EVENT_PERMISSIONS;
  }

  /** What kind of metrics a service has, under any of its names; undefined when there is no such service. */
  kindOf(service: string): MetricKind | undefined {
    return Object.hasOwn(SERVICES, service) ? SERVICES[service] : undefined;
  }

  /** The metric that a developer means; `nearest` has the most similar names, best first, when there is none. */
  resolve(service: string, metricName: string): ResolvedMetric {
    const kind = this.kindOf(service);
    if (kind === undefined) return { kind: 'unknown_service' };
    const name =
      kind === 'signal' ? metricName.replace(/^vss\./, '') : (this.eventAliases.get(metricName) ?? metricName);
    const metric = this.metrics[kind].get(name);
    if (metric) return { kind: 'ok', metric };
    const candidates = [...this.metrics[kind].keys(), ...(kind === 'event' ? this.eventAliases.keys() : [])];
    return { kind: 'unknown_metric', nearest: nearestNames(name, candidates) };
  }
}

/** The signals and events that DIMO's producers send. */
export const builtInCatalog = new Catalog(SIGNALS, EVENTS);

function signalMetric({ name, unit, valueType, permissions }: SignalDefinition): Metric {
  return { kind: 'signal', name, valueKind: VALUE_KINDS[valueType], unit, valueType, permissions };
}

function eventMetric({ name, permissions }: EventDefinition): Metric {
  return { kind: 'event', name, valueKind: 'event', unit: '', valueType: '', permissions };
}

/** The candidates most like a name, best first: few edits apart, or one containing the other. */
export function nearestNames(name: string, candidates: readonly string[]): string[] {
  const wanted = name.slice(0, NAME_LENGTH_COMPARED_MAX).toLowerCase();
  return candidates
    .map((candidate) => ({ candidate, distance: nameDistance(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.min(wanted.length, candidate.length) / 2))
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, NEAREST_NAMES_MAX)
    .map(({ candidate }) => candidate);
}

/** The comparison costs the product of both lengths; no real name is longer. */
const NAME_LENGTH_COMPARED_MAX = 100;

function nameDistance(a: string, b: string): number {
  const isPartOfOther = a.length >= 4 && (b.includes(a) || a.includes(b));
  return Math.min(editDistance(a, b), isPartOfOther ? 1 : Infinity);
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
