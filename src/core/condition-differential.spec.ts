/**
 * Holds conditions compiled to closures to what the library says of them: random conditions of everything that is
 * allowed, asked about random samples; answers, failures and their messages must be the same.
 *
 * The suite runs a short form with another seed each time; the seed is in the test's name. The long form:
 *
 *     CONDITION_EVALUATIONS=10000000 npm test -- src/core/condition-differential
 *     CONDITION_EVALUATIONS=1000000 CONDITION_SEED=7 npm test -- src/core/condition-differential
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ValueKind } from './catalog.js';
import { CompiledCondition, compileRead, type Condition } from './condition-compile.js';
import { ConditionFailure, Refusal } from './condition-error.js';
import { LibraryCondition } from './condition-library.js';
import { readClause } from './condition-read.js';
import { TAGS_CONSIDERED_MAX, TEXT_LENGTH_MAX, VARIABLES } from './condition-variables.js';
import type { EventReading, Location, Reading, SignalReading } from './sample.js';

const EVALUATIONS = Number(process.env.CONDITION_EVALUATIONS ?? 50_000);
const SEED = Number(process.env.CONDITION_SEED ?? randomInt(2 ** 31));

const EVALUATIONS_PER_CONDITION = 24;
const KINDS: readonly ValueKind[] = ['number', 'string', 'location', 'event'];

/** Mulberry32: 32 bits of state, the same numbers everywhere. */
class Random {
  constructor(private state: number) {}

  below(bound: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  isOneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }
}

const NUMBERS = [
  ...[0, -0, 1, -1, 2, 3, 5, 7, 10, 55, 60, 100, 0.1, 0.5, 1.5, -2.5, 59.999, 1e9, 1.5e9, 1e-10, 5e-324, 1e19, 1e308],
  ...[2 ** 53, 2 ** 53 - 1, 2 ** 53 + 2, -(2 ** 53), 2 ** 63, -(2 ** 63), 2 ** 64, -1e308],
  ...[Number.NaN, Infinity, -Infinity],
];
const DURATIONS = [
  0n,
  1n,
  2n,
  5n,
  7n,
  60n,
  1_500_000_000n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
].concat([2n ** 63n + 1n, 2n ** 64n - 1n]);
const DEGREES = [0, -0, 1, 10, 40.7, 45, -73.9, 90, -90, 179.99, -180, 180, 270, 0.0001, 1e308, Number.NaN];
const TEXTS = [
  ...[
    '',
    'a',
    'b',
    'A',
    'ab',
    'LOW',
    'low',
    ' low ',
    '5',
    '5.5',
    '-5',
    ' 5',
    '0x1F',
    '0X1F',
    '0b11',
    '1e3',
    '.5',
    '5.',
  ],
  ...[
    'inf',
    '+INF',
    '-Infinity',
    'infinity',
    'Infinity',
    'nan',
    'NaN',
    'true',
    'T',
    't',
    'TRUE',
    'f',
    'False',
    '0',
    '1',
  ],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '-', '+5', '1n'],
  ...[
    'P0301',
    '["P0300","P0301"]',
    'é',
    'ß',
    'İ',
    '🚗',
    '🚗a🚗',
    '\ud83d',
    '\ude97\ud83d',
    '\ufeff5',
    '5\u00a0',
    '\uffff',
  ],
];
const LONG_TEXTS = [
  'x'.repeat(TEXT_LENGTH_MAX - 1),
  'y'.repeat(TEXT_LENGTH_MAX),
  `${'a'.repeat(TEXT_LENGTH_MAX - 1)}🚗`,
  `${'a'.repeat(TEXT_LENGTH_MAX)}b`,
  '🚗'.repeat(TEXT_LENGTH_MAX / 2),
];

class RandomReadings {
  /** One text in so many is about as long as may be, or longer. */
  constructor(
    private readonly random: Random,
    private readonly longOneIn = 150,
  ) {}

  of(valueKind: ValueKind): Reading {
    return valueKind === 'event' ? this.event() : this.signal();
  }

  previous(valueKind: ValueKind): Reading | undefined {
    if (this.random.isOneIn(4)) return undefined;
    const isOfOther = this.random.isOneIn(12);
    return this.of(isOfOther === (valueKind === 'event') ? 'number' : 'event');
  }

  private signal(): SignalReading {
    return {
      kind: 'signal',
      valueNumber: this.random.pick(NUMBERS),
      valueString: this.text(),
      valueLocation: this.location(),
      source: this.text(),
    };
  }

  private event(): EventReading {
    const [name, source, metadata] = [this.text(), this.text(), this.text()];
    return { kind: 'event', name, source, metadata, durationNs: this.random.pick(DURATIONS), tags: this.tags() };
  }

  private text(): string {
    return this.random.pick(this.random.isOneIn(this.longOneIn) ? LONG_TEXTS : TEXTS);
  }

  private location(): Location {
    const degrees = () => this.random.pick(DEGREES);
    return { latitude: degrees(), longitude: degrees(), hdop: degrees(), heading: degrees() };
  }

  private tags(): string[] {
    const count = this.random.isOneIn(8) ? TAGS_CONSIDERED_MAX - 1 + this.random.below(4) : this.random.below(4);
    return this.random.times(count, () =>
      this.random.pick(this.random.isOneIn(2 * this.longOneIn) ? LONG_TEXTS : TEXTS),
    );
  }
}

type Type = 'double' | 'int' | 'string' | 'bool';
const TYPES: readonly Type[] = ['double', 'int', 'string', 'bool'];
const COMPARED = ['==', '!=', '<', '<=', '>', '>='];
const COMPUTED = ['+', '-', '*', '/', '%'];

/** Sentences of the language, with the types that operators want. Some are refused all the same. */
class RandomConditions {
  private names: { name: string; type: Type }[] = [];
  private declared = 0;

  constructor(
    private readonly random: Random,
    private readonly valueKind: ValueKind,
  ) {}

  write(type: Type, depth: number): string {
    if (depth <= 0 || this.random.isOneIn(5)) return this.leaf(type);
    return `(${this.random.pick(this.forms(type))(depth - 1)})`;
  }

  private leaf(type: Type): string {
    const variables = [...VARIABLES[this.valueKind]].flatMap(([name, of]) => (of === type ? [name] : []));
    const elements = this.names.flatMap(({ name, type: of }) => (of === type ? [name, name] : []));
    const fields = ['latitude', 'longitude', 'hdop', 'heading'].map((field) => `value.${field}`);
    const isField = this.valueKind === 'location' && type === 'double';
    const names = [...variables, ...elements, ...(isField ? [...fields, 'previousValue.heading'] : [])];
    if (names.length > 0 && this.random.below(3) > 0) return this.random.pick(names);
    return this.literal(type);
  }

  private literal(type: Type): string {
    switch (type) {
      case 'bool':
        return this.random.pick(['true', 'false']);
      case 'string':
        return JSON.stringify(this.random.pick(TEXTS).replace(/[\ud800-\udfff\uffff\ufeff]/g, 'q'));
      case 'int':
        return this.random.pick(['0', '1', '2', '3u', '5', '55', '-1', '-0', '0x10', '9007199254740993', INT_LARGEST]);
      case 'double':
        return this.random.pick(['0.0', '-0.0', '1.0', '1.5', '5.0', '55.0', '1e9', '-2.5', '1e300', '0', '2', '55']);
    }
  }

  private forms(type: Type): ((depth: number) => string)[] {
    const write = (of: Type, depth: number) => this.write(of, depth);
    const choice = (depth: number) => `${write('bool', depth)} ? ${write(type, depth)} : ${write(type, depth)}`;
    const convert = (depth: number) => `${type}(${write(this.random.pick(CONVERTIBLE[type]), depth)})`;
    const negate = (depth: number) => `${type === 'bool' ? '!' : '-'}${write(type, depth)}`;
    const compute = (depth: number) => this.arithmetic(type, depth);
    const field = (depth: number) => `${this.location(depth)}.${this.random.pick(['latitude', 'hdop'])}`;
    const fields = this.valueKind === 'location' ? [field] : [];
    switch (type) {
      case 'bool':
        return [...this.truths(), choice, negate];
      case 'double':
        return [compute, compute, compute, choice, convert, negate, ...fields, (depth) => this.distance(depth)];
      case 'int':
        return [compute, compute, compute, choice, convert, negate, (depth) => this.size(depth)];
      case 'string':
        return [
          choice,
          convert,
          (depth) => `${write(type, depth)} + ${write(type, depth)}`,
          (depth) => this.method(depth),
        ];
    }
  }

  private truths(): ((depth: number) => string)[] {
    const write = (of: Type, depth: number) => this.write(of, depth);
    const logic = (depth: number) =>
      `${write('bool', depth)} ${this.random.pick(['&&', '||'])} ${write('bool', depth)}`;
    const compare = (depth: number) => this.comparison(depth);
    const search = (depth: number) => {
      const method = this.random.pick(['contains', 'startsWith', 'endsWith']);
      return `${write('string', depth)}.${method}(${write('string', depth)})`;
    };
    const match = (depth: number) => `${write('string', depth)}.matches(${JSON.stringify(this.random.pick(PATTERNS))})`;
    const sameLocation = (depth: number) =>
      `${this.location(depth)} ${this.random.pick(['==', '!='])} ${this.location(depth)}`;
    return [
      ...[logic, logic, logic, logic, compare, compare, compare, compare, search, match],
      ...[(depth: number) => this.membership(depth), (depth: number) => this.quantifier(depth)],
      ...[(depth: number) => this.sameLists(depth), (depth: number) => `bool(${write('string', depth)})`],
      ...(this.valueKind === 'location' ? [sameLocation] : []),
    ];
  }

  private comparison(depth: number): string {
    const left = this.random.pick(TYPES);
    const isNumber = left === 'double' || left === 'int';
    const right = isNumber && this.random.isOneIn(3) ? this.random.pick(['double', 'int'] as const) : left;
    return `${this.write(left, depth)} ${this.random.pick(COMPARED)} ${this.write(right, depth)}`;
  }

  private arithmetic(type: Type, depth: number): string {
    const [left, right] = type === 'int' ? ['int', 'int'] : this.random.pick(MIXED);
    return `${this.write(left as Type, depth)} ${this.random.pick(COMPUTED)} ${this.write(right as Type, depth)}`;
  }

  private distance(depth: number): string {
    return `geoDistance(${this.random.times(4, () => this.write('double', depth - 1)).join(', ')})`;
  }

  private size(depth: number): string {
    const sized = this.random.isOneIn(2) ? this.write('string', depth) : this.list(this.random.pick(TYPES), depth);
    return this.random.isOneIn(2) ? `size(${sized})` : `${sized}.size()`;
  }

  private method(depth: number): string {
    return `${this.write('string', depth)}.${this.random.pick(['lowerAscii', 'upperAscii', 'trim'])}()`;
  }

  private location(depth: number): string {
    if (depth <= 0 || this.random.below(3) > 0) return this.random.pick(['value', 'previousValue']);
    return `(${this.write('bool', depth)} ? ${this.location(depth - 1)} : ${this.location(depth - 1)})`;
  }

  private membership(depth: number): string {
    const type = this.random.pick(TYPES);
    const isMixed = type === 'double' && this.random.isOneIn(3);
    return `${this.write(type, depth)} in ${this.list(isMixed ? 'int' : type, depth)}`;
  }

  private sameLists(depth: number): string {
    const type = this.random.pick(TYPES);
    return `${this.list(type, depth)} ${this.random.pick(['==', '!='])} ${this.list(type, depth)}`;
  }

  private list(type: Type, depth: number): string {
    if (type === 'string' && this.valueKind === 'event' && !this.random.isOneIn(3)) return 'tags';
    const isPlain = this.random.isOneIn(2);
    const element = () => (isPlain ? this.literal(type) : this.write(type, depth - 1));
    return `[${this.random.times(1 + this.random.below(4), element).join(', ')}]`;
  }

  private quantifier(depth: number): string {
    const type = this.random.pick(
      this.valueKind === 'event' ? [...TYPES, 'string' as const, 'string' as const] : TYPES,
    );
    const list = this.list(type, depth);
    const name = `x${this.declared++}`;
    this.names.push({ name, type });
    const predicate = this.write('bool', depth);
    this.names.pop();
    return `${list}.${this.random.pick(['all', 'exists', 'exists_one'])}(${name}, ${predicate})`;
  }
}

const INT_LARGEST = '18446744073709551615';
const MIXED = [
  ['double', 'double'],
  ['double', 'double'],
  ['double', 'int'],
  ['int', 'double'],
] as const;
const CONVERTIBLE: Readonly<Record<Type, readonly Type[]>> = {
  double: ['double', 'int', 'string'],
  int: ['double', 'double', 'int', 'string'],
  string: ['double', 'int', 'string', 'bool'],
  bool: ['bool', 'string'],
};
const PATTERNS = ['a', '^P0[0-9]+$', '(?i)low', '.', '', '[^a]', 'a+b?', '5$', 'é|ß', '\\s'];

interface Count {
  conditions: number;
  compiled: number;
  evaluations: number;
  failures: number;
  met: number;
}

/** Asks both about the same samples; throws at the first difference. */
function compare(valueKind: ValueKind, text: string, readings: RandomReadings, times: number, count: Count): void {
  const read = readClause(valueKind, text);
  const condition = compileRead(valueKind, read);
  count.conditions++;
  if (!(condition instanceof CompiledCondition)) return;
  count.compiled++;
  const reference = new LibraryCondition(valueKind, read);
  expect(condition.readsPrevious).toBe(reference.readsPrevious);
  for (let time = 0; time < times; time++) {
    const sample = readings.of(time % 23 === 22 ? (valueKind === 'event' ? 'number' : 'event') : valueKind);
    const previous = readings.previous(valueKind);
    const [answer, wanted] = [ask(condition, sample, previous), ask(reference, sample, previous)];
    count.evaluations++;
    if (typeof wanted === 'string') count.failures++;
    else if (wanted) count.met++;
    if (answer !== wanted) throw new Error(difference(valueKind, text, { sample, previous, answer, wanted }));
  }
}

function ask(condition: Condition, sample: Reading, previous: Reading | undefined): boolean | string {
  try {
    return condition.evaluate(sample, previous);
  } catch (error) {
    if (error instanceof ConditionFailure) return `${error.code}: ${error.message}`;
    throw error;
  }
}

function difference(valueKind: ValueKind, text: string, found: Record<string, unknown>): string {
  const shown = JSON.stringify(found, (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return `number ${value}`;
    return value;
  });
  return `${valueKind}: ${text}\n${shown}`;
}

function newCount(): Count {
  return { conditions: 0, compiled: 0, evaluations: 0, failures: 0, met: 0 };
}

test(
  `${EVALUATIONS} answers of closures are those of the library, failures included (CONDITION_SEED=${SEED})`,
  () => {
    const random = new Random(SEED);
    const readings = new RandomReadings(random);
    const count = newCount();
    while (count.evaluations < EVALUATIONS) {
      const valueKind = random.pick(KINDS);
      const text = new RandomConditions(random, valueKind).write('bool', 1 + random.below(5));
      try {
        compare(valueKind, text, readings, EVALUATIONS_PER_CONDITION, count);
      } catch (error) {
        // The sentence was refused: too costly, or of types that CEL does not join.
        if (!(error instanceof Refusal) && !isLibraryError(error)) throw error;
      }
    }
    if (process.env.CONDITION_EVALUATIONS !== undefined) process.stderr.write(`${JSON.stringify(count)}\n`);
    // Comparing the library with itself, or nothing but refusals, would prove nothing.
    expect(count.compiled / count.conditions).toBeGreaterThan(0.95);
    expect(count.failures / count.evaluations).toBeGreaterThan(0.05);
    expect(count.met / count.evaluations).toBeGreaterThan(0.1);
  },
  60_000 + EVALUATIONS / 10,
);

function isLibraryError(error: unknown): boolean {
  return error instanceof Error && typeof (error as Error & { code?: unknown }).code === 'string';
}

const EVERYDAY: readonly [valueKind: ValueKind, text: string][] = [
  ['number', 'value > 55 && value != previousValue'],
  ['number', 'valueNumber == 1 && valueNumber != previousValueNumber'],
  ['number', 'value < 60 || value > 110'],
  ['number', 'value in [1, 2, 3]'],
  ['number', '[1, 2, 3].exists(x, x == value)'],
  ['number', 'value == 9007199254740993 || value in [1, 9007199254740993]'],
  ['string', "value.contains('P0301') || value.matches('^P03[0-9]{2}')"],
  ['string', "value in ['LOW', 'EMPTY'] && value != previousValue"],
  ['string', "value != '' && double(value) > 5"],
  ['string', "value.lowerAscii().trim() == 'low' && size(value) > 3"],
  ['location', 'geoDistance(value.latitude, value.longitude, 37.7749, -122.4194) <= 10.0'],
  ['location', 'value != previousValue && value.hdop < 5'],
  ['event', "name == 'behavior.harshBraking' && durationNs / 1e9 > 1.5"],
  ['event', "durationNs > 1000000000 && 'night' in tags && tags.exists(t, t.startsWith('n'))"],
  ['event', 'durationNs != 0 && 10 / (durationNs - 5) > 1'],
  ['event', "tags == ['a'] || size(tags) > 2"],
];

/** What chance alone seldom finds. */
const RARE: readonly [valueKind: ValueKind, text: string][] = [
  ['number', "[0, 1, 2].all(x, x == 0 ? 1 / x > 0 : int('a') > 0)"],
  ['number', "[1, 0, 2].exists(x, x == 0 ? 1 / x > 0 : int('a') > 0)"],
  ['number', '[1, 1, 0].exists_one(x, 1 / x > 0)'],
  ['number', '1 / int(value - value) > 0 && int(source) > 0 || double(valueString) > 5'],
  ['string', 'size(previousValue) > 8191 || previousSource.endsWith("b") || size(previousSource) > 8192'],
  ['string', "source == valueString || value != valueString || previousValueString == ''"],
  ['event', 'size(previousName) > 8192 || size(previousSource) > 8192 || size(previousMetadata) > 8192'],
  ['event', "tags.exists(t, t == metadata) && tags.all(t, ['a', 'b', 'b'].exists_one(u, u == t))"],
  ['event', "metadata != name && 'a' in tags && source != ''"],
];

test('what is asked every day, and what chance seldom finds, is compiled and answered as the library does', () => {
  const readings = new RandomReadings(new Random(SEED));
  const count = newCount();
  const longReadings = new RandomReadings(new Random(SEED), 10);
  for (const [valueKind, text] of EVERYDAY) compare(valueKind, text, readings, 500, count);
  for (const [valueKind, text] of RARE) compare(valueKind, text, longReadings, 1_000, count);
  for (const [valueKind, text] of compatible()) compare(valueKind, text, readings, 20, count);
  expect(count.compiled).toBe(count.conditions);
});

/** Every condition of the compatibility suite that some kind of metric accepts. */
function compatible(): [ValueKind, string][] {
  const cases = readFileSync(join(import.meta.dirname, '../../test/compat/cases.json'), 'utf8');
  const texts = [...cases.matchAll(/"condition": ("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text!) as string);
  return [...new Set(texts)].flatMap((text) =>
    KINDS.filter((valueKind) => isAccepted(valueKind, text)).map((valueKind): [ValueKind, string] => [valueKind, text]),
  );
}

function isAccepted(valueKind: ValueKind, text: string): boolean {
  try {
    readClause(valueKind, text);
    return true;
  } catch {
    return false;
  }
}
