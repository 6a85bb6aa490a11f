import type { Catalog } from './catalog.js';
import { nearestNames } from './catalog.js';
import { LICENSE_EVENT_TYPES } from './event-types.js';

/** More than there are types of log events; for firings by metric it is what a person writes. */
export const ENABLED_EVENTS_MAX = 100;

const FIRED = 'trigger.fired';

export interface CheckedEvents {
  /** In the spelling that log events are matched with, each once. */
  names: string[];
  /** One for each name that is none, with its place in the list. */
  errors: { index: number; detail: string }[];
}

/**
 * Reads the names of what an endpoint listens to: `*`, `<prefix>.*`, a type of log event, and for firings
 * `trigger.fired:<service>` and `trigger.fired:<service>/<metric>`. Services and metrics may have any of the names
 * that webhooks may be registered with.
 */
export function checkEnabledEvents(given: readonly string[], catalog: Catalog): CheckedEvents {
  const names = new Set<string>();
  const errors: CheckedEvents['errors'] = [];
  given.forEach((name, index) => {
    const checked = name.startsWith(`${FIRED}:`) ? checkFirings(name, catalog) : checkType(name);
    if ('detail' in checked) errors.push({ index, detail: checked.detail });
    else names.add(checked.name);
  });
  return { names: [...names], errors };
}

type Checked = { name: string } | { detail: string };

function checkType(name: string): Checked {
  if (PATTERNS.includes(name) || LICENSE_EVENT_TYPES.some((type) => type === name)) return { name };
  return { detail: unknown('There is no event', name, nearestNames(name, [...LICENSE_EVENT_TYPES, ...PATTERNS])) };
}

const PATTERNS: readonly string[] = ['*', ...new Set(LICENSE_EVENT_TYPES.map((type) => `${type.split('.')[0]}.*`))];

function checkFirings(name: string, catalog: Catalog): Checked {
  const what = name.slice(FIRED.length + 1);
  const slash = what.indexOf('/');
  const service = slash < 0 ? what : what.slice(0, slash);
  const canonical = canonicalService(service, catalog);
  if (canonical === undefined) {
    const nearest = nearestNames(service, ['telemetry.signals', 'telemetry.events']);
    return { detail: unknown('There is no service', service, nearest) };
  }
  if (slash < 0) return { name: `${FIRED}:${canonical}` };
  const metricName = what.slice(slash + 1);
  const resolved = catalog.resolve(canonical, metricName);
  if (resolved.kind === 'ok') return { name: `${FIRED}:${canonical}/${resolved.metric.name}` };
  const nearest = resolved.kind === 'unknown_metric' ? resolved.nearest : [];
  return { detail: unknown(`${canonical} has no metric`, metricName, nearest) };
}

function canonicalService(service: string, catalog: Catalog): string | undefined {
  const kind = catalog.kindOf(service);
  return kind && `telemetry.${kind}s`;
}

function unknown(what: string, name: string, nearest: readonly string[]): string {
  const hint = nearest.length === 0 ? '' : ` Did you mean ${nearest.join(', ')}?`;
  return `${what} ${JSON.stringify(name)}.${hint}`;
}
