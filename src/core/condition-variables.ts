import type { ValueKind } from './catalog.js';
import { ConditionFailure } from './condition-error.js';
import { ZERO_LOCATION, type EventReading, type Location, type Reading, type SignalReading } from './sample.js';

/** A variable's static type. `int` is exact at any size (BigInt), `double` is a JavaScript number. */
export type VariableType = 'double' | 'int' | 'string' | 'Location' | 'list<string>';

/** What a program is run with: a value for each variable of the kind. */
export type Bindings = Readonly<Record<string, unknown>>;

/** Of an event's tags, a condition sees the first ones only: the bound that its worst-case cost is computed with. */
export const TAGS_CONSIDERED_MAX = 32;

/**
 * The longest text that a condition may read, in UTF-16 units. A sample with a longer one fails: cut off silently it
 * could meet what it does not. A previous text is cut, since failing there would fail every sample that follows.
 */
export const TEXT_LENGTH_MAX = 8_192;

export const LOCATION_FIELDS = ['latitude', 'longitude', 'hdop', 'heading'] as const;

/** A location as conditions see it. A class, so that its fields are checked before anything is evaluated. */
export class LocationValue implements Location {
  readonly latitude: number;
  readonly longitude: number;
  readonly hdop: number;
  readonly heading: number;

  constructor({ latitude, longitude, hdop, heading }: Location) {
    this.latitude = latitude;
    this.longitude = longitude;
    this.hdop = hdop;
    this.heading = heading;
  }
}

const SIGNAL_VARIABLES: readonly [string, VariableType][] = [
  ['valueNumber', 'double'],
  ['valueString', 'string'],
  ['source', 'string'],
  ['previousValueNumber', 'double'],
  ['previousValueString', 'string'],
  ['previousSource', 'string'],
];

/** The variables of each kind, those that stand for the metric's value first. */
export const VARIABLES: Readonly<Record<ValueKind, ReadonlyMap<string, VariableType>>> = {
  number: new Map([['value', 'double'], ['previousValue', 'double'], ...SIGNAL_VARIABLES]),
  string: new Map([['value', 'string'], ['previousValue', 'string'], ...SIGNAL_VARIABLES]),
  location: new Map([['value', 'Location'], ['previousValue', 'Location'], ...SIGNAL_VARIABLES]),
  event: new Map([
    ['name', 'string'],
    ['source', 'string'],
    ['metadata', 'string'],
    ['durationNs', 'int'],
    ['tags', 'list<string>'],
    ['previousName', 'string'],
    ['previousSource', 'string'],
    ['previousMetadata', 'string'],
    ['previousDurationNs', 'int'],
  ]),
};

/** Whether a variable belongs to the sample that last fired, and not to the one at hand. */
export function isPrevious(variable: string): boolean {
  return variable.startsWith('previous');
}

const ZERO_SIGNAL: SignalReading = {
  kind: 'signal',
  valueNumber: 0,
  valueString: '',
  valueLocation: ZERO_LOCATION,
  source: '',
};
const ZERO_EVENT: EventReading = { kind: 'event', name: '', source: '', metadata: '', durationNs: 0n, tags: [] };

/** The reading that stands for "nothing yet", and on which every new condition is tried. */
export function zeroReading(valueKind: ValueKind): Reading {
  return valueKind === 'event' ? ZERO_EVENT : ZERO_SIGNAL;
}

/**
 * The values of all variables. No previous sample, or one of the other kind, counts as zero values. Throws a
 * `ConditionFailure` when the sample is of the other kind: the condition was compiled for another metric.
 */
export function bind(valueKind: ValueKind, sample: Reading, previous: Reading | undefined): Bindings {
  if (valueKind === 'event') {
    if (sample.kind !== 'event') throw wrongKind('event');
    return bindEvent(sample, previous?.kind === 'event' ? previous : ZERO_EVENT);
  }
  if (sample.kind !== 'signal') throw wrongKind('signal');
  const before = previous?.kind === 'signal' ? previous : ZERO_SIGNAL;
  switch (valueKind) {
    case 'number':
      return bindSignal(sample, before, sample.valueNumber, before.valueNumber);
    case 'string':
      return bindSignal(sample, before, sample.valueString, before.valueString);
    case 'location':
      return bindSignal(
        sample,
        before,
        new LocationValue(sample.valueLocation),
        new LocationValue(before.valueLocation),
      );
  }
}

/** Applies `TEXT_LENGTH_MAX` to the variables that a condition reads. */
export function limitTexts(bindings: Bindings, variables: readonly string[]): Bindings {
  let limited = bindings;
  for (const variable of variables) {
    if (longestText(bindings[variable]) <= TEXT_LENGTH_MAX) continue;
    if (!isPrevious(variable)) throw textTooLong(variable);
    limited = { ...limited, [variable]: (bindings[variable] as string).slice(0, TEXT_LENGTH_MAX) };
  }
  return limited;
}

function longestText(value: unknown): number {
  if (typeof value === 'string') return value.length;
  let longest = 0;
  for (const text of value as readonly string[]) longest = Math.max(longest, text.length);
  return longest;
}

function bindSignal(sample: SignalReading, before: SignalReading, value: unknown, previousValue: unknown): Bindings {
  return {
    value,
    valueNumber: sample.valueNumber,
    valueString: sample.valueString,
    source: sample.source,
    previousValue,
    previousValueNumber: before.valueNumber,
    previousValueString: before.valueString,
    previousSource: before.source,
  };
}

function bindEvent(sample: EventReading, before: EventReading): Bindings {
  const { tags } = sample;
  return {
    name: sample.name,
    source: sample.source,
    metadata: sample.metadata,
    durationNs: sample.durationNs,
    tags: tags.length > TAGS_CONSIDERED_MAX ? tags.slice(0, TAGS_CONSIDERED_MAX) : tags,
    previousName: before.name,
    previousSource: before.source,
    previousMetadata: before.metadata,
    previousDurationNs: before.durationNs,
  };
}

/** Thrown for a sample that is not of the kind that the condition was compiled for. */
export function wrongKind(wanted: Reading['kind']): ConditionFailure {
  const [about, is] = wanted === 'event' ? ['an event', 'a signal'] : ['a signal', 'an event'];
  return new ConditionFailure('wrong_sample', `the condition is about ${about}, the sample is ${is}`);
}

/** Thrown for a text of the sample that is longer than a condition may read. */
export function textTooLong(variable: string): ConditionFailure {
  return new ConditionFailure('text_too_long', `${variable} is longer than ${TEXT_LENGTH_MAX} characters`);
}
