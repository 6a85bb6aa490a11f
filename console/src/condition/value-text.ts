import type { WebhookState } from '../api/resources.js';
import { measured } from '../parts/format.js';

/** Names of units that are read better as their sign. All others are shown as they are. */
const SIGNS: Readonly<Record<string, string>> = { percent: '%', celsius: '°C', degrees: '°', 'degrees/s': '°/s' };

/** What a webhook remembers of a vehicle, in one line: "59 km/h", "ELECTRIC", "52.52000, 13.40500". */
export function describePrevious(previous: WebhookState['previousValue'], unit = ''): string {
  if (typeof previous === 'number') return withUnit(previous, unit);
  if (typeof previous === 'string') return previous === '' ? 'an empty text' : previous;
  if ('latitude' in previous) return `${previous.latitude.toFixed(5)}, ${previous.longitude.toFixed(5)}`;
  const { metadata, durationNs, source } = previous;
  const parts = [];
  if (durationNs !== '0') parts.push(`${measured(Number(durationNs) / 1e9)} s`);
  if (metadata !== '') parts.push(metadata);
  if (source !== '') parts.push(`from ${source}`);
  return parts.length === 0 ? 'an event without details' : parts.join(' · ');
}

/** A number as people read it, with its unit. */
export function withUnit(value: number, unit: string): string {
  const text = measured(value);
  return unit === '' ? text : `${text} ${SIGNS[unit] ?? unit}`;
}
