/**
 * Conditions as a programmer would write them who knows at compile time what each is about: typed readings in, a boolean
 * out. No check of the sample's kind or of the length of texts, no check whether whole numbers overflow. What has parts of its own,
 * the distance and regular expressions, uses the product's.
 */
import type { ValueKind } from '../../src/core/catalog.js';
import { distanceKm, Pattern } from '../../src/core/condition-environments.js';
import type { EventReading, Reading, SignalReading } from '../../src/core/sample.js';

type Asked<R> = (sample: R, previous: R | undefined) => boolean;

/** A condition as text, and by hand. */
export interface HandWritten {
  valueKind: ValueKind;
  text: string;
  isMet: (sample: Reading, previous: Reading | undefined) => boolean;
}

type Shape = (n: number) => HandWritten;

/** As many distinct conditions, of all kinds of values in turn. */
export function handWrittenConditions(count: number): HandWritten[] {
  return Array.from({ length: count }, (_, place) => SHAPES[place % SHAPES.length]!(Math.floor(place / SHAPES.length)));
}

function onSignal(valueKind: ValueKind, text: string, isMet: Asked<SignalReading>): HandWritten {
  return { valueKind, text, isMet: isMet as HandWritten['isMet'] };
}

function onEvent(text: string, isMet: Asked<EventReading>): HandWritten {
  return { valueKind: 'event', text, isMet: isMet as HandWritten['isMet'] };
}

const number = (text: string, isMet: Asked<SignalReading>) => onSignal('number', text, isMet);
const text = (condition: string, isMet: Asked<SignalReading>) => onSignal('string', condition, isMet);
const location = (condition: string, isMet: Asked<SignalReading>) => onSignal('location', condition, isMet);

const NUMBER_SHAPES: readonly Shape[] = [
  (n) => number(`value > ${n}`, (sample) => sample.valueNumber > n),
  (n) =>
    number(
      `value > ${n} && value != previousValue`,
      (sample, previous) => sample.valueNumber > n && sample.valueNumber !== (previous?.valueNumber ?? 0),
    ),
  (n) =>
    number(
      `valueNumber == ${n} && valueNumber != previousValueNumber`,
      (sample, previous) => sample.valueNumber === n && sample.valueNumber !== (previous?.valueNumber ?? 0),
    ),
  (n) =>
    number(
      `value >= ${n} && value <= ${n + 10}.5`,
      (sample) => sample.valueNumber >= n && sample.valueNumber <= n + 10.5,
    ),
  (n) =>
    number(
      `value - previousValue >= ${n}`,
      (sample, previous) => sample.valueNumber - (previous?.valueNumber ?? 0) >= n,
    ),
  (n) =>
    number(
      `value in [${n}, ${n + 1}, ${n + 2}]`,
      ({ valueNumber: value }) => value === n || value === n + 1 || value === n + 2,
    ),
];

const TEXT_SHAPES: readonly Shape[] = [
  (n) => {
    const code = `P0${n}`;
    return text(`value == '${code}'`, (sample) => sample.valueString === code);
  },
  (n) => {
    const code = `P0${n}`;
    return text(`value.contains('${code}')`, (sample) => sample.valueString.includes(code));
  },
  (n) => {
    const code = `P0${n}`;
    return text(
      `value != previousValue && value.startsWith('${code}')`,
      (sample, previous) => sample.valueString !== (previous?.valueString ?? '') && sample.valueString.startsWith(code),
    );
  },
  (n) => {
    const [low, empty] = [`LOW${n}`, `EMPTY${n}`];
    return text(`value in ['${low}', '${empty}']`, ({ valueString: value }) => value === low || value === empty);
  },
  (n) => {
    const pattern = new Pattern(`^P0${n}[0-9]$`);
    return text(`value.matches('^P0${n}[0-9]$')`, (sample) => pattern.test(sample.valueString));
  },
];

const LOCATION_SHAPES: readonly Shape[] = [
  (n) => {
    const [latitude, longitude] = [47 + n / 8, 9 + n / 8];
    return location(
      `geoDistance(value.latitude, value.longitude, ${latitude}, ${longitude}) <= ${n + 1}.5`,
      ({ valueLocation: at }) => distanceKm(at.latitude, at.longitude, latitude, longitude) <= n + 1.5,
    );
  },
  (n) =>
    location(
      `value.latitude > ${n} && value.latitude < ${n + 20} && value.longitude > ${n} && value.longitude < ${n + 15}`,
      ({ valueLocation: at }) => at.latitude > n && at.latitude < n + 20 && at.longitude > n && at.longitude < n + 15,
    ),
  (n) =>
    location(
      `value.hdop < 5 && geoDistance(value.latitude, value.longitude, previousValue.latitude, previousValue.longitude) > ${n}`,
      ({ valueLocation: at }, previous) =>
        at.hdop < 5 &&
        distanceKm(
          at.latitude,
          at.longitude,
          previous?.valueLocation.latitude ?? 0,
          previous?.valueLocation.longitude ?? 0,
        ) > n,
    ),
  (n) =>
    location(
      `value.heading > ${n} && value.heading <= ${n + 90} || value.heading == 0`,
      ({ valueLocation: { heading } }) => (heading > n && heading <= n + 90) || heading === 0,
    ),
];

const EVENT_SHAPES: readonly Shape[] = [
  (n) => {
    const nanoseconds = BigInt(n) * 100_000_000n;
    return onEvent(
      `name == 'behavior.harshBraking' && durationNs > ${nanoseconds}`,
      (sample) => sample.name === 'behavior.harshBraking' && sample.durationNs > nanoseconds,
    );
  },
  (n) => onEvent(`durationNs / 1e9 > ${n}.5`, (sample) => Number(sample.durationNs) / 1e9 > n + 0.5),
  (n) => {
    const wanted = `"counterValue":${n}`;
    return onEvent(`metadata.contains('${wanted}')`, (sample) => sample.metadata.includes(wanted));
  },
  (n) => {
    const tag = `behavior.${n}`;
    return onEvent(`'${tag}' in tags`, (sample) => sample.tags.includes(tag));
  },
  (n) => {
    const start = `safety.${n}`;
    return onEvent(`tags.exists(t, t.startsWith('${start}'))`, (sample) => {
      for (const tag of sample.tags) if (tag.startsWith(start)) return true;
      return false;
    });
  },
  (n) => {
    const nanoseconds = BigInt(n);
    return onEvent(
      `size(tags) > 1 && metadata != previousMetadata && durationNs != ${n}`,
      (sample, previous) =>
        sample.tags.length > 1 && sample.metadata !== (previous?.metadata ?? '') && sample.durationNs !== nanoseconds,
    );
  },
];

/** In turn one of each kind, so that neighbours have little in common. */
const SHAPES: readonly Shape[] = Array.from({ length: NUMBER_SHAPES.length }, (_, place) =>
  [NUMBER_SHAPES, TEXT_SHAPES, LOCATION_SHAPES, EVENT_SHAPES].flatMap((shapes) => shapes.slice(place, place + 1)),
).flat();
