import { jsonText } from './json.js';
import { ZERO_LOCATION, type Reading } from './sample.js';

/** What a (trigger, vehicle) remembers. */
export interface State {
  /** Raised by one at each stored change; 0 when nothing was ever stored. A commit names the one it was computed from. */
  version: number;
  /** Arrival time of the last firing, ms since 1970; undefined before the first. */
  firedAtMs: number | undefined;
  /** How often it fired. */
  sequence: number;
  /** The sample that fired last; undefined before the first firing and after the state was emptied. */
  previous: Reading | undefined;
}

export const EMPTY_STATE: State = Object.freeze({
  version: 0,
  firedAtMs: undefined,
  sequence: 0,
  previous: undefined,
});

/** The reading alone of what may be a whole sample: all of it that is remembered. */
export function readingOf(sample: Reading): Reading {
  if (sample.kind === 'event') {
    const { kind, name, source, metadata, durationNs, tags } = sample;
    return { kind, name, source, metadata, durationNs, tags };
  }
  const { kind, valueNumber, valueString, valueLocation, source } = sample;
  return { kind, valueNumber, valueString, valueLocation, source };
}

/** A reading as the text that is stored, JSON; `decodeReading` reads it back exactly. */
export function encodeReading(sample: Reading): string {
  if (sample.kind === 'event')
    return JSON.stringify({ ...readingOf(sample), durationNs: sample.durationNs.toString() });
  // Put together, without an object in between: with each firing one is stored.
  const { valueNumber, valueString, valueLocation, source } = sample;
  const location = valueLocation === ZERO_LOCATION ? ZERO_LOCATION_TEXT : JSON.stringify(valueLocation);
  return (
    `{"kind":"signal","valueNumber":${valueNumber},"valueString":${jsonText(valueString)},` +
    `"valueLocation":${location},"source":${jsonText(source)}}`
  );
}

const ZERO_LOCATION_TEXT = JSON.stringify(ZERO_LOCATION);

/** Reads what `encodeReading` wrote. Throws on any other text: only the store writes it. */
export function decodeReading(text: string): Reading {
  const stored = JSON.parse(text) as
    Reading | (Omit<Extract<Reading, { kind: 'event' }>, 'durationNs'> & { durationNs: string });
  return stored.kind === 'event' ? { ...stored, durationNs: BigInt(stored.durationNs) } : stored;
}
