import type { ValueKind } from './catalog.js';
import { MATCHES_COMPILED } from './condition-environments.js';
import { readClause } from './condition-read.js';
import type { Node, NodeOf } from './condition-tree.js';

/** What a condition's value is called, and what it is measured in; "" when it has no unit. */
export interface MetricWords {
  name: string;
  unit: string;
}

/**
 * A checked condition as a sentence: `value > 55 && value != previousValue` of `speed` fires when "speed is more than
 * 55 km/h and differs from the last firing". For its author to read again what was written: nothing is simplified, and
 * what mixes "and" with "or" keeps its brackets. Throws as `compileCondition` does.
 */
export function readAloud(valueKind: ValueKind, normalized: string, metric: MetricWords): string {
  const { tree } = readClause(valueKind, normalized);
  if (tree.op === 'value') return tree.args === true ? 'Fires for every sample.' : 'Never fires.';
  return `Fires when ${new Wording(normalized, metric).of(tree)}.`;
}

const COMPARED: Readonly<Record<string, string>> = {
  '==': 'is',
  '!=': 'is not',
  '>': 'is more than',
  '>=': 'is at least',
  '<': 'is less than',
  '<=': 'is at most',
};

/** The same between a value and the one that fired last. */
const COMPARED_TO_LAST: Readonly<Record<string, string>> = {
  '==': 'is the same as at the last firing',
  '!=': 'differs from the last firing',
  '>': 'is more than at the last firing',
  '>=': 'is at least what it was at the last firing',
  '<': 'is less than at the last firing',
  '<=': 'is at most what it was at the last firing',
};

const CALCULATED: Readonly<Record<string, string>> = {
  '+': 'plus',
  '-': 'minus',
  '*': 'times',
  '/': 'divided by',
  '%': 'modulo',
};

const ASKED_OF_TEXT: Readonly<Record<string, string>> = {
  contains: 'contains',
  startsWith: 'begins with',
  endsWith: 'ends with',
};

const MADE_OF_TEXT: Readonly<Record<string, string>> = {
  size: 'the length of',
  lowerAscii: 'the lower case of',
  upperAscii: 'the upper case of',
  trim: 'the trimmed text of',
};

const QUANTIFIED: Readonly<Record<string, string>> = {
  all: 'for every',
  exists: 'for at least one',
  exists_one: 'for exactly one',
};

const VARIABLES: Readonly<Record<string, string>> = {
  valueNumber: 'the number',
  valueString: 'the text',
  source: 'the source',
  name: "the event's name",
  metadata: 'the metadata',
  durationNs: 'the duration',
  tags: 'the tags',
};

/** Places that are looked at together, so that their comparison can be said shortly. */
const COORDINATES = ['latitude', 'longitude'];

class Wording {
  constructor(
    private readonly text: string,
    private readonly metric: MetricWords,
  ) {}

  of(node: Node): string {
    switch (node.op) {
      case 'value':
        return typeof node.args === 'string' ? `“${node.args}”` : String(node.args);
      case 'id':
        return this.variable(node.args);
      case '.':
        return this.member(node);
      case '&&':
        return this.joined(node, 'and', '||');
      case '||':
        return this.joined(node, 'or', '&&');
      case '!_':
        return `not (${this.of(node.args)})`;
      case '-_':
        return String(numberOf(node) ?? `minus ${this.bracketed(node.args)}`);
      case '?:':
        return `(if ${this.of(node.args[0])}: ${this.of(node.args[1])}, otherwise: ${this.of(node.args[2])})`;
      case 'in':
        return `${this.of(node.args[0])} is one of ${this.of(node.args[1])}`;
      case 'list':
        return node.args.length === 0 ? 'nothing' : node.args.map((each) => this.of(each)).join(', ');
      case 'call':
        return this.call(node);
      case 'rcall':
        return this.method(node);
      default:
        return this.binary(node);
    }
  }

  private joined(node: NodeOf<'&&' | '||'>, word: string, other: string): string {
    return node.args.map((side) => (side.op === other ? `(${this.of(side)})` : this.of(side))).join(` ${word} `);
  }

  private binary(node: Node): string {
    const [left, right] = node.args as readonly [Node, Node];
    const calculated = CALCULATED[node.op];
    if (calculated !== undefined) return `${this.bracketed(left)} ${calculated} ${this.bracketed(right)}`;
    const compared = COMPARED[node.op];
    if (compared === undefined) return this.source(node);
    if (isLastOf(right, left)) return `${this.of(left)} ${COMPARED_TO_LAST[node.op]}`;
    // Two comparisons, compared: said as one, a sentence would run into the next.
    if (isCompared(left) && isCompared(right)) {
      const [one, other] = [`(${this.of(left)})`, `(${this.of(right)})`];
      if (node.op === '!=') return `either ${one} or ${other} but not both`;
      if (node.op === '==') return `both or neither of ${one} and ${other}`;
    }
    return `${this.measured(left, right)} ${compared} ${this.measured(right, left)}`;
  }

  /** A side of a comparison: a number takes the unit of what it is compared with. */
  private measured(node: Node, other: Node): string {
    const number = numberOf(node);
    if (number === undefined) return this.of(node);
    if (isDuration(other)) return duration(Number(number));
    const unit = isDistance(other) ? 'km' : this.isInUnit(other) ? this.metric.unit : '';
    return unit === '' ? String(number) : `${number} ${unit}`;
  }

  private isInUnit(node: Node): boolean {
    if (node.op === 'id') return ['value', 'previousValue'].includes(node.args);
    if (node.op === '-_') return this.isInUnit(node.args);
    return (node.op === '+' || node.op === '-') && node.args.every((side) => this.isInUnit(side));
  }

  private bracketed(node: Node): string {
    return Object.hasOwn(CALCULATED, node.op) ? `(${this.of(node)})` : this.of(node);
  }

  private variable(name: string): string {
    const current = currentOf(name);
    const words = current === 'value' ? this.metric.name : (VARIABLES[current] ?? current);
    return current === name ? words : `${words} at the last firing`;
  }

  private member(node: NodeOf<'.'>): string {
    const [place, field] = node.args;
    if (place.op !== 'id') return this.source(node);
    return place.args === 'value' ? `the ${field}` : `the ${field} at the last firing`;
  }

  private call(node: NodeOf<'call'>): string {
    const [name, given] = node.args;
    if (name === 'geoDistance') return this.distance(given);
    const made = MADE_OF_TEXT[name];
    if (made !== undefined) return `${made} ${this.of(given[0]!)}`;
    return `${this.of(given[0]!)} as ${name}`;
  }

  private distance(given: readonly Node[]): string {
    const from = this.place(given.slice(0, 2));
    const to = this.place(given.slice(2));
    return from === HERE ? `the distance to ${to}` : `the distance between ${from} and ${to}`;
  }

  private place(pair: readonly Node[]): string {
    const variables = pair.map((node, at) =>
      node.op === '.' && node.args[1] === COORDINATES[at] && node.args[0].op === 'id' ? node.args[0].args : undefined,
    );
    if (variables.every((name) => name === 'value')) return HERE;
    if (variables.every((name) => name === 'previousValue')) return 'where it last fired';
    return pair.map((node) => this.of(node)).join(', ');
  }

  private method(node: NodeOf<'rcall'>): string {
    const [name, receiver, given] = node.args;
    const quantified = QUANTIFIED[name];
    if (quantified !== undefined) {
      return `${quantified} ${this.of(given[0]!)} of ${this.of(receiver)}: (${this.of(given[1]!)})`;
    }
    const made = MADE_OF_TEXT[name];
    if (made !== undefined) return `${made} ${this.of(receiver)}`;
    // A pattern is compiled by now; what was written is what its author knows.
    if (name === MATCHES_COMPILED) return `${this.of(receiver)} matches the pattern ${this.source(given[0]!)}`;
    return `${this.of(receiver)} ${ASKED_OF_TEXT[name] ?? name} ${this.of(given[0]!)}`;
  }

  private source({ start, end }: Node): string {
    return this.text.slice(start, end);
  }
}

const HERE = 'here';

/** The variable of the sample at hand that corresponds to one of the sample that fired last. */
function currentOf(name: string): string {
  const [, rest] = /^previous(\w+)$/.exec(name) ?? [];
  return rest === undefined ? name : rest[0]!.toLowerCase() + rest.slice(1);
}

function isLastOf(node: Node, current: Node): boolean {
  if (node.op === '.' && current.op === '.') {
    return node.args[1] === current.args[1] && isLastOf(node.args[0], current.args[0]);
  }
  return node.op === 'id' && current.op === 'id' && node.args !== current.args && currentOf(node.args) === current.args;
}

function numberOf(node: Node): number | bigint | undefined {
  if (node.op === '-_') {
    const positive = numberOf(node.args);
    return positive === undefined ? undefined : -positive;
  }
  const isNumber = node.op === 'value' && (typeof node.args === 'number' || typeof node.args === 'bigint');
  return isNumber ? node.args : undefined;
}

function isDuration(node: Node): boolean {
  return node.op === 'id' && currentOf(node.args) === 'durationNs';
}

function isDistance(node: Node): boolean {
  return node.op === 'call' && node.args[0] === 'geoDistance';
}

const DURATIONS: readonly (readonly [unit: string, ns: number])[] = [
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
];

function duration(ns: number): string {
  const [unit, size] = DURATIONS.find(([, each]) => Math.abs(ns) >= each) ?? ['ns', 1];
  return `${ns / size} ${unit}`;
}

/** Whether it is a comparison itself, or made of some. */
function isCompared({ op }: Node): boolean {
  return op in COMPARED || op === '&&' || op === '||' || op === '!_';
}
