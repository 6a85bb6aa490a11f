import type { ValueKind } from './catalog.js';
import { Pattern } from './condition-environments.js';
import { quoted, Refusal, type RefusalCode } from './condition-error.js';
import { nearestName } from './condition-names.js';
import { operands, QUANTIFIERS, type Node, type NodeOf } from './condition-tree.js';
import { LOCATION_FIELDS, TAGS_CONSIDERED_MAX, VARIABLES } from './condition-variables.js';

/**
 * The most that one evaluation may cost in the worst case. One step is roughly one operator on values; what scans a
 * text or a list costs more. Upstream has the same limit, on a scale much like this one; conditions of everyday use
 * cost 2 to 50.
 */
export const CONDITION_COST_MAX = 1_000;

/** Characters of one regular expression. */
export const PATTERN_LENGTH_MAX = 200;

/**
 * Steps per instruction of a regular expression. Measured at the longest text a condition may read: up to 0.3 ms per
 * instruction on patterns made to be slow, so that the whole budget is some 0.1 s at the very worst.
 */
const COST_PER_PATTERN_INSTRUCTION = 4;

/** Integers beyond unsigned 64 bits have no meaning in any variable. */
const INTEGER_MAX = 2n ** 64n - 1n;

/** Steps of what scans a whole text once; anything not named here costs one. */
const TEXT_SCAN_COST: Readonly<Record<string, number>> = {
  size: 10,
  lowerAscii: 10,
  upperAscii: 10,
  trim: 2,
  double: 10,
};

/** Searching for a text that is itself unknown takes the product of both lengths in the worst case. */
const SEARCH_FOR_UNKNOWN_COST = 200;

/** What the walk over a permitted condition found out. */
export interface Survey {
  cost: number;
  /** The variables that it names. */
  reads: ReadonlySet<string>;
  /** The compiled pattern of each `matches`. */
  patterns: ReadonlyMap<Node, Pattern>;
}

/** Refuses whatever is not on the list of what conditions may do, and bounds the cost of the rest. Runs before types are known. */
export function survey(valueKind: ValueKind, tree: Node): Survey {
  const surveyor = new Surveyor(valueKind);
  return { cost: surveyor.weigh(tree, []), reads: surveyor.reads, patterns: surveyor.patterns };
}

/** `scope` below are the names that the quantifiers around a node declare. */
class Surveyor {
  readonly reads = new Set<string>();
  readonly patterns = new Map<Node, Pattern>();

  constructor(private readonly valueKind: ValueKind) {}

  weigh(node: Node, scope: readonly string[]): number {
    const cost = this.weighOnly(node, scope);
    if (cost <= CONDITION_COST_MAX) return cost;
    const advice = 'Use shorter lists, fewer nested all() and exists(), or simpler patterns.';
    throw refusal('too_costly', `This may take more than ${CONDITION_COST_MAX} steps. ${advice}`, node);
  }

  private weighOnly(node: Node, scope: readonly string[]): number {
    switch (node.op) {
      case 'value':
        assertLiteral(node);
        return 1;
      case 'id':
        return this.weighName(node, scope);
      case 'call':
        return this.weighText(node.args[0], node.args[1][0]) + this.weighAll(operands(node), scope);
      case 'rcall':
        return this.weighMethod(node, scope);
      case 'list':
        assertPlainList(node);
        return 1 + this.weighAll(node.args, scope);
      case '+':
        assertNoLists(node);
        return Math.max(1, this.texts(node)) + this.weighAll(node.args, scope);
      case 'map':
      case '.?':
      case '[]':
      case '[?]':
        throw refusal('not_allowed', NOT_ALLOWED[node.op], node);
      default:
        return 1 + this.weighAll(operands(node), scope);
    }
  }

  private weighAll(nodes: readonly Node[], scope: readonly string[]): number {
    return nodes.reduce((sum, node) => sum + this.weigh(node, scope), 0);
  }

  private weighName(node: NodeOf<'id'>, scope: readonly string[]): number {
    const name = node.args;
    if (scope.includes(name)) return 1;
    const type = VARIABLES[this.valueKind].get(name);
    if (type === undefined) throw refusal('unknown_variable', unknownVariable(this.valueKind, name), node);
    this.reads.add(name);
    return type === 'list<string>' ? TAGS_CONSIDERED_MAX : 1;
  }

  private weighMethod(node: NodeOf<'rcall'>, scope: readonly string[]): number {
    const [name, receiver, given] = node.args;
    if (QUANTIFIERS.has(name)) return this.weighQuantifier(node, scope);
    const cost = this.weighAll(operands(node), scope);
    if (name === 'matches') {
      const pattern = compilePattern(given[0] ?? node);
      this.patterns.set(node, pattern);
      return cost + COST_PER_PATTERN_INSTRUCTION * pattern.size * Math.max(1, this.texts(receiver));
    }
    if (name === 'contains') return cost + searchCost(given[0]) * Math.max(1, this.texts(receiver));
    return cost + this.weighText(name, receiver);
  }

  private weighQuantifier(node: NodeOf<'rcall'>, scope: readonly string[]): number {
    const [name, list, [variable, predicate]] = node.args;
    const length = list.op === 'list' ? list.args.length : TAGS_CONSIDERED_MAX;
    if (!isList(list)) {
      throw refusal('not_allowed', `${name}() works on tags and on a list written out, such as [1, 2, 3].`, list);
    }
    if (variable?.op !== 'id' || !predicate) throw refusal('syntax', `Write ${name}(x, x == value).`, node);
    if (scope.includes(variable.args) || VARIABLES[this.valueKind].has(variable.args)) {
      throw refusal('not_allowed', `${quoted(variable.args)} has a meaning already: choose another name.`, variable);
    }
    return 1 + this.weigh(list, scope) + length * this.weigh(predicate, [...scope, variable.args]);
  }

  private weighText(name: string, text: Node | undefined): number {
    return (TEXT_SCAN_COST[name] ?? 1) * Math.max(1, text === undefined ? 1 : this.texts(text));
  }

  /** How many texts of the greatest length a node's value can be as long as; 0 when it is no text. */
  private texts(node: Node): number {
    switch (node.op) {
      case 'value':
        return typeof node.args === 'string' ? 1 : 0;
      case 'id':
        return ['double', 'int'].includes(VARIABLES[this.valueKind].get(node.args) ?? '') ? 0 : 1;
      case '+':
        return this.texts(node.args[0]) + this.texts(node.args[1]);
      case '?:':
        return Math.max(this.texts(node.args[1]), this.texts(node.args[2]));
      case 'rcall':
        return this.texts(node.args[1]);
      case 'call':
        return node.args[0] === 'string' ? Math.max(1, ...node.args[1].map((text) => this.texts(text))) : 0;
      default:
        return 0;
    }
  }
}

const NOT_ALLOWED = {
  map: 'Maps are not available in conditions.',
  '.?': 'Optional fields are not available in conditions.',
  '[]': "Elements cannot be taken out with [ ]. Write value.latitude for a location's field, tags.exists(t, t == 'x') for tags.",
  '[?]': 'Optional elements are not available in conditions.',
} as const;

function assertLiteral(node: NodeOf<'value'>): void {
  const literal = node.args;
  if (literal === null) {
    const message = 'No value is ever null: before the first firing, previous values are 0 and empty text.';
    throw refusal('type_mismatch', message, node);
  }
  if (literal instanceof Uint8Array) throw refusal('not_allowed', "Bytes are not available: write 'text'.", node);
  if (typeof literal === 'boolean' || typeof literal === 'number' || typeof literal === 'string') return;
  // What is left is an integer, or an unsigned one, which is an object around a bigint.
  if (BigInt(literal.toString()) <= INTEGER_MAX) return;
  throw refusal('invalid_number', `Whole numbers go up to ${INTEGER_MAX}: write it with .0 at its end.`, node);
}

function assertPlainList(node: NodeOf<'list'>): void {
  if (node.args.length === 0) throw refusal('not_allowed', 'The list is empty: write its elements, [1, 2, 3].', node);
  const nested = node.args.find(isList);
  if (nested) throw refusal('not_allowed', 'A list cannot be in a list.', nested);
}

function assertNoLists(node: NodeOf<'+'>): void {
  const list = node.args.find(isList);
  if (list) throw refusal('not_allowed', 'Lists cannot be added.', list);
}

function isList(node: Node): boolean {
  return node.op === 'list' || (node.op === 'id' && node.args === 'tags');
}

function compilePattern(node: Node): Pattern {
  if (node.op !== 'value' || typeof node.args !== 'string') {
    throw refusal('invalid_pattern', "matches() needs its pattern as a quoted text: value.matches('P03[0-9]+').", node);
  }
  if (node.args.length > PATTERN_LENGTH_MAX) {
    throw refusal('invalid_pattern', `The pattern is longer than ${PATTERN_LENGTH_MAX} characters.`, node);
  }
  try {
    return new Pattern(node.args);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : 'unknown';
    throw refusal('invalid_pattern', `The pattern is not in RE2's syntax: ${reason}.`, node);
  }
}

/** V8's search takes up to 2.5 µs per character of the text searched for in a text of the greatest length. */
function searchCost(wanted: Node | undefined): number {
  if (wanted?.op !== 'value' || typeof wanted.args !== 'string') return SEARCH_FOR_UNKNOWN_COST;
  return 1 + Math.ceil(wanted.args.length / 8);
}

function unknownVariable(valueKind: ValueKind, name: string): string {
  const names = [...VARIABLES[valueKind].keys()];
  const isOfAnother = Object.values(VARIABLES).some((variables) => variables.has(name));
  const nearest = isOfAnother ? undefined : nearestName(name, names);
  if (nearest !== undefined) return `Unknown variable ${quoted(name)}. Did you mean '${nearest}'?`;
  const what = valueKind === 'event' ? 'an event' : `a signal that is a ${valueKind === 'string' ? 'text' : valueKind}`;
  const isField = valueKind === 'location' && LOCATION_FIELDS.some((field) => field === name);
  const advice = isField ? ` Write 'value.${name}'.` : '';
  return `Unknown variable ${quoted(name)}.${advice} A condition on ${what} can read ${names.join(', ')}.`;
}

function refusal(code: RefusalCode, message: string, node: Node): Refusal {
  return new Refusal(code, message, node);
}
