/**
 * What an attacker can send. Everything here runs in a process of its own with little memory and a time after which it
 * is killed, since what these specs guard against takes the whole process with it. The child reads one question per
 * line and answers one line each, so that the first answer that is missing names the text that killed it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import type { ValueKind } from './catalog.js';

const CHILD = `
import { readFileSync, writeSync } from 'node:fs';
import { checkCondition, compileCondition, ConditionFailure, explainCondition } from './condition.js';

const nowhere = { latitude: 0, longitude: 0, hdop: 0, heading: 0 };
const signal = (n, s) => ({ kind: 'signal', valueNumber: n, valueString: s, valueLocation: nowhere, source: s });
const event = (n, s, tags) => ({ kind: 'event', name: s, source: s, metadata: s, durationNs: n, tags });
const evil = 'ab'.repeat(4095) + 'cc';
const samples = {
  signal: [signal(0, ''), signal(5, 'a'.repeat(26) + '!'), signal(-1.5, evil), signal(NaN, 'x'), signal(Infinity, '\\ud800')],
  event: [event(0n, '', []), event(2n ** 64n - 1n, evil, Array.from({ length: 1000 }, () => evil))],
};

function ask(kind, text) {
  const check = checkCondition(kind, text);
  if (check.kind === 'invalid') {
    const { line, column, length, message } = check.error;
    const lines = text.split('\\n');
    const isInside = line <= lines.length && column <= lines[line - 1].length + 1 && length >= 1 && length <= Math.max(1, text.length);
    if (!isInside || message.length > 401) throw new Error('a misplaced or endless message');
    return check.error.code;
  }
  const again = checkCondition(kind, check.normalized);
  if (again.kind === 'invalid' || again.normalized !== check.normalized) throw new Error('not idempotent');
  if (check.cost > 1000) throw new Error('too costly');
  const condition = compileCondition(kind, check.normalized);
  const readings = samples[kind === 'event' ? 'event' : 'signal'];
  for (const sample of readings) for (const previous of [undefined, readings[1]]) {
    let value;
    try { value = condition.evaluate(sample, previous); } catch (error) { if (!(error instanceof ConditionFailure)) throw error; }
    if (previous !== undefined) continue;
    const explained = explainCondition(kind, check.normalized, sample, previous);
    if (explained.value !== value) throw new Error('explained differently');
  }
  return 'valid';
}

for (const line of readFileSync(0, 'utf8').split('\\n')) {
  const [kind, text] = JSON.parse(line);
  let answer;
  try { answer = ask(kind, text); } catch (error) { answer = 'THREW ' + String(error.stack); }
  writeSync(1, JSON.stringify(answer) + '\\n');
}
writeSync(1, JSON.stringify(Math.round(process.resourceUsage().maxRSS / 1024)) + '\\n');
`;

/** Far above the few seconds that it takes, far below what any hang would take. */
const KILLED_AFTER_MS = 120_000;
const HEAP_MIB = 128;
const RESIDENT_MIB_MAX = 512;

type Question = [kind: ValueKind, text: string];

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tripline-conditions-'));
  const folder = import.meta.dirname;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(folder, file), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    writeFileSync(join(directory, file.replace(/\.ts$/, '.js')), outputText);
  }
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  writeFileSync(join(directory, 'child.js'), CHILD);
  symlinkSync(join(folder, '../../node_modules'), join(directory, 'node_modules'));
});

afterAll(() => rmSync(directory, { recursive: true }));

function ask(questions: readonly Question[]): { answers: string[]; residentMib: number } {
  const child = spawnSync(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, join(directory, 'child.js')], {
    input: questions.map((question) => JSON.stringify(question)).join('\n'),
    timeout: KILLED_AFTER_MS,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const answers = child.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as string | number);
  if (child.signal !== null || child.status !== 0) {
    throw new Error(
      `killed by ${JSON.stringify(questions[answers.length])}: ${child.signal} ${child.stderr.slice(0, 500)}`,
    );
  }
  return { answers: answers.slice(0, -1) as string[], residentMib: answers.at(-1) as number };
}

function times(count: number, part: (index: number) => string, separator = ''): string {
  return Array.from({ length: count }, (_, index) => part(index)).join(separator);
}

function nested(depth: number): string {
  let text = 'x0 >= 0';
  for (let level = depth - 1; level >= 0; level--) text = `[0,1,2,3,4,5,6,7,8,9].all(x${level}, ${text})`;
  return text;
}

function doubling(levels: number, first: string): string {
  let text = `size(b${levels}) > 0`;
  for (let level = levels; level > 0; level--) text = `cel.bind(b${level}, b${level - 1} + b${level - 1}, ${text})`;
  return `cel.bind(b0, ${first}, ${text})`;
}

const ATTACKS: readonly [name: string, kind: ValueKind, text: string, answer: string][] = [
  ['two nested quantifiers', 'number', nested(2), 'valid'],
  ['three nested quantifiers', 'number', nested(3), 'too_costly'],
  ['twelve nested quantifiers', 'number', nested(12), 'too_costly'],
  ['quantifiers over tags in quantifiers', 'event', 'tags.all(a, tags.all(b, tags.all(c, a == b)))', 'too_costly'],
  ['a list doubled 28 times', 'number', doubling(28, '[1]'), 'unknown_function'],
  ['a text doubled 40 times', 'number', doubling(40, 'valueString'), 'unknown_function'],
  ['a text added to itself', 'string', `${times(120, () => 'value', '+')} == ''`, 'too_costly'],
  ['a list added to itself', 'event', "tags + tags == ['a']", 'not_allowed'],
  ['a list built by map', 'number', '[1].map(x, [x, x]) == [[1]]', 'unknown_function'],
  ['a backtracking pattern', 'string', "value.matches('^(a+)+$')", 'valid'],
  ['a pattern with alternatives of itself', 'string', "value.matches('(a|a|ab)*c$')", 'valid'],
  ['a pattern with nested repeats', 'string', "value.matches('((a{0,100}){0,100}){0,100}')", 'invalid_pattern'],
  ['a pattern with a large program', 'string', "value.matches('a{0,999}b{0,999}')", 'too_costly'],
  [
    'many patterns with large programs',
    'string',
    times(70, () => "value.matches('a{0,999}')", '||').slice(0, 1948),
    'too_costly',
  ],
  [
    'a pattern in a quantifier',
    'string',
    "[1,2,3,4,5,6,7,8,9,10,11,12,13,14].all(x, value.matches('(a+)+b{25}'))",
    'too_costly',
  ],
  [
    'a long search in a quantifier',
    'string',
    `[${times(60, String, ',')}].all(x, value.contains('${'a'.repeat(900)}b'))`,
    'too_costly',
  ],
  ['a search for an unknown text', 'event', times(5, () => 'metadata.contains(source)', '||'), 'too_costly'],
  ['1990 exclamation marks', 'number', `${'!'.repeat(1990)}true`, 'too_complex'],
  ['1990 minus signs', 'number', `${'-'.repeat(1990)}1 > 0`, 'too_complex'],
  ['5000 exclamation marks', 'number', `${'!'.repeat(5000)}true`, 'too_long'],
  ['5000 conjunctions', 'number', times(5000, () => 'true', '&&'), 'too_long'],
  ['330 conjunctions', 'number', times(330, () => 'true', '&&'), 'too_complex'],
  ['a megabyte', 'number', ' '.repeat(1_000_000), 'too_long'],
  ['900 parentheses', 'number', '('.repeat(900) + 'true' + ')'.repeat(900), 'too_complex'],
  ['900 open parentheses', 'number', '('.repeat(900), 'too_complex'],
  ['900 closed parentheses', 'number', ')'.repeat(900), 'syntax'],
  ['900 open brackets', 'number', '['.repeat(900), 'too_complex'],
  ['nested lists', 'number', `${'['.repeat(20)}1${']'.repeat(20)} == [1]`, 'not_allowed'],
  ['500 elements', 'number', `value in [${times(500, (index) => String(index % 10), ',')}]`, 'too_complex'],
  ['20 arguments', 'number', `size(${times(20, String, ',')}) > 1`, 'too_complex'],
  ['600 fields', 'location', `value${'.latitude'.repeat(200)} > 1`, 'too_complex'],
  ['ternaries in ternaries', 'number', `${'true?'.repeat(180)}true${':true'.repeat(180)}`, 'too_complex'],
  [
    'products of the largest integers',
    'number',
    `${times(80, () => '18446744073709551615', '*')} > 0`,
    'fails_on_zero_values',
  ],
  ['an integer of 1900 digits', 'number', `value > ${'9'.repeat(1900)}`, 'invalid_number'],
  ['only quotes', 'number', "'".repeat(1999), 'syntax'],
  ['an open quote and backslashes', 'number', `'${'\\'.repeat(1990)}`, 'syntax'],
  ['open triple quotes and backslashes', 'number', `'''${'\\'.repeat(1990)}`, 'syntax'],
  ['only comments', 'number', '//'.repeat(999), 'empty'],
  ['1999 equals signs', 'number', '='.repeat(1999), 'syntax'],
  ['900 lone equals signs', 'number', '= '.repeat(900), 'too_long'],
  ['a constructor', 'number', 'value.constructor == 1', 'unknown_field'],
  ['the constructor of a location', 'location', 'value.constructor == 1', 'unknown_field'],
  ['the prototype of a location', 'location', 'value.__proto__ == value', 'unknown_field'],
  ['the methods of objects', 'location', 'value.hasOwnProperty("latitude")', 'unknown_function'],
  ['the methods of functions', 'number', 'valueString.constructor("return process")() == 1', 'unknown_function'],
  ['a variable named as a property of objects', 'number', 'toString == toString', 'unknown_variable'],
  ['a quantifier named as one', 'number', '[1].all(constructor, constructor == 1)', 'valid'],
  ['a quantifier named __proto__', 'number', '[1].all(__proto__, __proto__ == 1)', 'syntax'],
  ['types as values', 'number', 'int == int', 'unknown_variable'],
  ['the type of a value', 'number', 'type(1) == type(2)', 'unknown_function'],
  ['the namespace of the library', 'number', 'google.protobuf == google.protobuf', 'unknown_variable'],
  ['our own method for patterns', 'string', "value.__matchesCompiled('a')", 'unknown_function'],
  ['a type hidden behind dyn', 'number', 'true || dyn(value) > "a"', 'unknown_function'],
  ['a time zone', 'number', "timestamp('2020-01-01T00:00:00Z').getHours('x') > 1", 'unknown_function'],
  ['a map with __proto__', 'number', '{"__proto__": {"a": 1}}.a == 1', 'not_allowed'],
  ['an optional field', 'location', 'value.?latitude == 1', 'syntax'],
  ['NUL', 'number', 'value > 5\u0000', 'forbidden_character'],
  ['half a character', 'string', "value == '\ud83d'", 'forbidden_character'],
  ['text from right to left', 'string', "value == '\u202e\u2066x'", 'valid'],
  ['letters that look like others', 'number', 'v\u0430lue > 5', 'syntax'],
  ['a name in another script', 'number', '値 > 5', 'syntax'],
  ['a division by zero in one branch', 'number', 'value == 0 || 1 / int(value - value) > 0', 'valid'],
];

describe('an attack', () => {
  const verdicts = new Map<string, string>();
  let residentMib = 0;
  beforeAll(() => {
    const asked = ask(ATTACKS.map(([, kind, text]) => [kind, text]));
    residentMib = asked.residentMib;
    ATTACKS.forEach(([name], index) => verdicts.set(name, asked.answers[index]!));
  }, KILLED_AFTER_MS);

  test.each(ATTACKS)('%s', (...[name, , , answer]) => expect(verdicts.get(name)).toBe(answer));

  test('takes little memory', () => expect(residentMib).toBeLessThan(RESIDENT_MIB_MAX));
});

test(
  'unknown names leave nothing behind in the parser',
  () => {
    const questions = times(32_000, (index) => `size('a').m${index}_${'x'.repeat(1_900)}(1) > 1`, '\n').split('\n');
    // The names together are 60 MB, half of the heap: the parser keeps one in a few places.
    const { answers } = ask(questions.map((text) => ['number', text]));
    expect(new Set(answers)).toEqual(new Set(['unknown_function']));
  },
  KILLED_AFTER_MS,
);

describe('10,000 random texts', () => {
  let state = 20_260_115;
  const random = (bound: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const pick = (choices: readonly string[]): string => choices[random(choices.length)]!;

  const TOKENS =
    `value previousValue valueNumber valueString previousValueString source durationNs previousDurationNs metadata tags
    name value.latitude previousValue.longitude x t true false null in 0 1 2 5u 10 -1 1.5 1e9 0x1f 9007199254740993 .5 5.
    'a' "b" 'it' r'\\d' '''c''' '' ' " > >= < <= == != = === => && || ! & | + - * / % ? : ( ) [ ] { } , . ; // #
    size( int( double( string( geoDistance( .contains( .startsWith( .matches( .size() .lowerAscii() .trim( .all(x, .exists(t,
    .exists_one( [1,2] [1.5,2] cel.bind( has( and or not \n \t é 🚗 \u00a0 \\ @ $ _ __proto__ constructor`.split(
      / +|\n +/,
    );

  const soup = () => times(1 + random(12), () => pick(TOKENS), pick(['', ' ', ' ']));

  /** A sentence of the language that is often right, to get past the parser. */
  function sentence(kind: ValueKind, depth: number): string {
    const number = (): string =>
      depth > 0 && random(3) === 0
        ? `(${sentenceOfNumbers()})`
        : pick(kind === 'event' ? ['durationNs', 'previousDurationNs', '0', '7', '1.5', 'size(tags)', '-3'] : NUMBERS);
    const sentenceOfNumbers = () => `${number()} ${pick(['+', '-', '*', '/', '%'])} ${number()}`;
    const text = () => pick(kind === 'event' ? ['metadata', 'previousName', "'a'", 'source'] : TEXTS);
    const inner = () => sentence(kind, depth - 1);
    if (depth <= 0) return `${number()} ${pick(COMPARISONS)} ${number()}`;
    return [
      () => `${inner()} && ${inner()}`,
      () => `${inner()} || ${inner()}`,
      () => `!(${inner()})`,
      () => `(${inner()})`,
      () => `${inner()} ? ${inner()} : ${inner()}`,
      () => `${number()} ${pick([...COMPARISONS, '='])} ${number()}`,
      () => `${text()} ${pick(['==', '!=', '<', '='])} ${text()}`,
      () => `${text()}.${pick(['contains', 'startsWith', 'matches'])}('${pick(['a', '(a+)+$', '', '[', '\\\\d'])}')`,
      () => `${number()} in [${number()}, ${number()}]`,
      () => `[1, 2].${pick(['all', 'exists', 'exists_one'])}(x, x ${pick(COMPARISONS)} ${number()})`,
      () => `int(${number()}) ${pick(['/', '%'])} int(${number()}) > 0`,
    ][random(11)]!();
  }
  const NUMBERS = [
    'value',
    'valueNumber',
    'previousValue',
    '0',
    '1',
    '5u',
    '2.5',
    '-3',
    'double(value)',
    'size(source)',
  ];
  const TEXTS = ['valueString', 'previousValueString', 'source', "'a'", '"b"', "valueString + 'c'"];
  const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
  const KINDS: readonly ValueKind[] = ['number', 'string', 'location', 'event'];

  test(
    'are accepted or refused, and what is accepted stays so and can be evaluated and explained',
    () => {
      const questions = Array.from({ length: 10_000 }, (_, index): Question => {
        const kind = KINDS[random(KINDS.length)]!;
        return [kind, index % 2 === 0 ? soup() : sentence(kind === 'location' ? 'number' : kind, random(4))];
      });
      const { answers } = ask(questions);
      const thrown = questions.filter((_, index) => answers[index]!.startsWith('THREW'));
      expect(thrown.slice(0, 5).map((question) => [question, answers[questions.indexOf(question)]])).toEqual([]);
      const valid = answers.filter((answer) => answer === 'valid').length;
      expect(valid).toBeGreaterThan(1_000);
      expect(new Set(answers).size).toBeGreaterThan(8);
    },
    KILLED_AFTER_MS,
  );
});
