import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import { type Random, random } from '../../test/support/random.js';
import { isObject, jsonType } from './json.js';
import {
  BadEntry,
  eventSample,
  SAMPLE_TEXT_LENGTH_MAX,
  signalSample,
  TAG_LENGTH_MAX,
  TAGS_MAX,
} from './message-entry.js';
import { isTimestamp } from './timestamp.js';

const HEADER = { vehicle: 'v', source: 's', producer: 'p' };

/** What an entry comes to, or why it is none: each member by itself, in the order in which the first wrong one is told. */
function slowly(kind: 'signal' | 'event', entry: unknown, index: number): unknown {
  if (!isObject(entry)) return `the entry is ${jsonType(entry)}, not an object`;
  const member = (object: Record<string, unknown>, name: string) =>
    Object.hasOwn(object, name)
      ? object[name]
      : Object.entries(object).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  const wrong = (name: string, value: unknown, wanted: string) =>
    new Error(`${name} is ${jsonType(value)}, not ${wanted}`);
  const text = (name: string) => {
    const value = member(entry, name) ?? '';
    if (typeof value !== 'string') throw wrong(name, value, 'a text');
    if (value.length > SAMPLE_TEXT_LENGTH_MAX) throw new Error(`${name} is longer than ${SAMPLE_TEXT_LENGTH_MAX}`);
    return value;
  };
  const number = (object: Record<string, unknown>, name: string) => {
    const value = member(object, name) ?? 0;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(name, value, 'a finite number');
    return value;
  };
  const time = () => {
    const value = text('timestamp') || '0001-01-01T00:00:00Z';
    if (!isTimestamp(value)) throw new Error('timestamp is no RFC 3339 timestamp');
    return value;
  };
  const location = () => {
    const value = member(entry, 'valueLocation') ?? {};
    if (!isObject(value)) throw wrong('valueLocation', value, 'an object');
    return Object.fromEntries(['latitude', 'longitude', 'hdop', 'heading'].map((name) => [name, number(value, name)]));
  };
  const duration = () => {
    const value = member(entry, 'durationNs') ?? '#0';
    if (typeof value !== 'string' || !/^#\d{1,20}$/.test(value)) throw wrong('durationNs', value, 'a whole number');
    if (BigInt(value.slice(1)) >= 2n ** 64n) throw new Error('durationNs is more than an unsigned 64-bit number holds');
    return BigInt(value.slice(1));
  };
  const tags = () => {
    const value = member(entry, 'tags') ?? [];
    if (!Array.isArray(value) || value.some((tag) => typeof tag !== 'string'))
      throw wrong('tags', value, 'a list of texts');
    if (value.length > TAGS_MAX) throw new Error(`tags are more than ${TAGS_MAX}`);
    if (value.some((tag: string) => tag.length > TAG_LENGTH_MAX))
      throw new Error(`a tag is longer than ${TAG_LENGTH_MAX}`);
    return value as string[];
  };
  try {
    const common = { kind, timestamp: time(), name: text('name'), ...HEADER, index };
    if (kind === 'event') return { ...common, durationNs: duration(), metadata: text('metadata'), tags: tags() };
    const values = { valueNumber: number(entry, 'valueNumber'), valueString: text('valueString') };
    return { ...common, ...values, valueLocation: location() };
  } catch (error) {
    return (error as Error).message;
  }
}

test.each(['signal', 'event'] as const)('a %s is what its members are, one by one (10,000 random entries)', (kind) => {
  const dice = random(kind.length);
  const read = kind === 'signal' ? signalSample : eventSample;
  const counts = { good: 0, bad: 0 };
  for (let index = 0; index < 10_000; index++) {
    const entry = JSON.parse(JSON.stringify(entryOf(dice, kind))) as unknown;
    const expected = slowly(kind, entry, index);
    const sample = resultOf(() => read(entry, index, { ...HEADER, isWanted: () => true }));
    if (!isDeepStrictEqual(sample, expected)) expect({ entry, sample }).toEqual({ entry, sample: expected });
    const isBad = typeof expected === 'string';
    counts[isBad ? 'bad' : 'good'] += 1;
    const unwanted = resultOf(() => read(entry, index, { ...HEADER, isWanted: () => false }));
    if (unwanted !== (isBad ? expected : undefined)) expect({ entry, unwanted }).toBe(expected);
  }
  expect(Math.min(counts.good, counts.bad)).toBeGreaterThan(1_000);
});

test.each(['latitude', 'longitude', 'hdop', 'heading'])(
  'a %s of minus zero stays one, by which one can divide',
  (name) => {
    const entry = { valueLocation: { latitude: 0, longitude: 0, hdop: 0, heading: 0, [name]: -0 } };
    const sample = signalSample(entry, 0, { ...HEADER, isWanted: () => true });
    expect(sample!.valueLocation).toEqual(entry.valueLocation);
  },
);

function resultOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadEntry) return error.message;
    throw error;
  }
}

const VALUES: Record<string, readonly unknown[]> = {
  name: ['speed', 'speed', '', 'x'.repeat(SAMPLE_TEXT_LENGTH_MAX + 1)],
  timestamp: [
    '2026-01-15T12:00:00Z',
    '2026-01-15T12:00:00.5+01:00',
    '0001-01-01T00:00:00Z',
    '',
    '2026-02-30T12:00:00Z',
  ],
  valueNumber: [0, 59, -1.5, 1e300],
  valueString: ['', 'COMBUSTION'],
  metadata: ['', '{}'],
  durationNs: ['#0', '#18446744073709551615', '#18446744073709551616', '#1.5', '5', '#'],
  tags: [[], ['a'], [1], new Array<string>(TAGS_MAX + 1).fill('t'), ['t'.repeat(TAG_LENGTH_MAX + 1)]],
  latitude: [0, 0, 54.7],
  longitude: [0, 0, 25.2],
  hdop: [0, 0, 1],
  heading: [0, 0, 182.5],
};
const WRONG: readonly unknown[] = [null, null, 5, 'text', true, [], {}];
const SIGNAL = ['name', 'timestamp', 'valueNumber', 'valueString', 'valueLocation'];
const EVENT = ['name', 'timestamp', 'durationNs', 'metadata', 'tags'];
const LOCATION = ['latitude', 'longitude', 'hdop', 'heading'];

function entryOf(dice: Random, kind: 'signal' | 'event'): unknown {
  if (dice.below(50) === 0) return WRONG[dice.below(WRONG.length)];
  return objectOf(dice, kind === 'signal' ? SIGNAL : EVENT);
}

/** Members in any order and letter case, some missing, some twice in different cases, some of a wrong type. */
function objectOf(dice: Random, names: readonly string[]): object {
  const members: [string, unknown][] = [];
  for (const name of names) {
    if (dice.below(8) === 0) continue;
    const spellings = [name, name, name, name.toUpperCase(), name.toLowerCase()];
    for (let times = dice.below(10) === 0 ? 2 : 1; times > 0; times--) {
      members.splice(dice.below(members.length + 1), 0, [spellings[dice.below(5)]!, valueOf(dice, name)]);
    }
  }
  if (dice.below(3) === 0) members.push(['cloudEventId', 'c-1']);
  return Object.fromEntries(members);
}

function valueOf(dice: Random, name: string): unknown {
  if (dice.below(25) === 0) return WRONG[dice.below(WRONG.length)];
  if (name === 'valueLocation') return objectOf(dice, LOCATION);
  const values = VALUES[name]!;
  return values[dice.below(2) === 0 ? 0 : dice.below(values.length)];
}
