import type { ValueKind } from './catalog.js';
import { ARITHMETIC } from './condition-arithmetic.js';
import { CALLS, SIZES } from './condition-calls.js';
import { applied, constantOperand, type Closure, type Operand, type Overload } from './condition-closure.js';
import { COMPARISONS, MIRRORED } from './condition-comparisons.js';
import {
  choiceOperand,
  elementOperand,
  listOperand,
  logicOperand,
  QUANTIFIER_CLOSURES,
  type Cell,
} from './condition-logic.js';
import { FIELDS, FIELDS_OF, textLimit, variableOperand } from './condition-reading.js';
import { operands, QUANTIFIERS, type Node, type NodeOf } from './condition-tree.js';
import type { Location } from './sample.js';

/**
 * A checked condition as closures over the readings, in a sixth of the library's time: it makes no object for the
 * variables, and what depends on types is decided here and not at each sample. The library stays what checks, and what
 * conditions mean: for every sample the closures give its answer and its failure, which a differential test holds them
 * to with millions of random conditions and samples. Undefined for a tree with anything that is not listed here: then the
 * library evaluates.
 *
 * Closures are made by functions at the top level of their files, so that none keeps the tree.
 */
export function programOf(
  valueKind: ValueKind,
  { tree, reads }: { tree: Node; reads: Iterable<string> },
): Closure<boolean> | undefined {
  const condition = new Compiler(valueKind).compile(tree, NO_NAMES);
  if (condition?.type !== 'bool') return undefined;
  const limit = textLimit(valueKind, reads);
  return limit ? limited(limit, condition.ask as Closure<boolean>) : (condition.ask as Closure<boolean>);
}

function limited(limit: Closure<void>, ask: Closure<boolean>): Closure<boolean> {
  return (sample, before) => {
    limit(sample, before);
    return ask(sample, before);
  };
}

/** The elements that the quantifiers around a node declare. */
type Names = ReadonlyMap<string, Operand>;
const NO_NAMES: Names = new Map();

const OVERLOADS: ReadonlyMap<string, Overload> = new Map([...ARITHMETIC, ...COMPARISONS, ...CALLS]);

class Compiler {
  constructor(private readonly valueKind: ValueKind) {}

  compile(node: Node, names: Names): Operand | undefined {
    switch (node.op) {
      case 'value':
        return literalOperand(node.args);
      case 'id':
        return names.get(node.args) ?? variableOperand(this.valueKind, node.args);
      case '.':
        return this.compileField(node, names);
      case 'rcall':
        return QUANTIFIERS.has(node.args[0]) ? this.compileQuantifier(node, names) : this.compileOverload(node, names);
      case '&&':
      case '||':
      case '?:':
      case 'list':
        return this.compileShape(node, names);
      default:
        return this.compileOverload(node, names);
    }
  }

  private compileAll(nodes: readonly Node[], names: Names): Operand[] | undefined {
    const compiled = nodes.map((node) => this.compile(node, names));
    return compiled.every((operand) => operand !== undefined) ? compiled : undefined;
  }

  private compileShape(node: NodeOf<'&&' | '||' | '?:' | 'list'>, names: Names): Operand | undefined {
    const parts = this.compileAll(node.args, names);
    if (!parts || parts.length === 0) return undefined;
    if (node.op === 'list') return parts.every(({ type }) => type === parts[0]!.type) ? listOperand(parts) : undefined;
    const [first, second, third] = parts as [Operand<boolean>, Operand, Operand | undefined];
    if (first.type !== 'bool') return undefined;
    if (node.op === '?:') return second.type === third!.type ? choiceOperand(first, second, third!) : undefined;
    return second.type === 'bool' ? logicOperand(node.op === '||', first, second as Operand<boolean>) : undefined;
  }

  private compileField({ args: [owner, field] }: NodeOf<'.'>, names: Names): Operand | undefined {
    const location = this.compile(owner, names);
    if (location?.type !== 'Location' || !Object.hasOwn(FIELDS, field)) return undefined;
    const name = owner.op === 'id' ? owner.args : undefined;
    const ask =
      name === 'value' || name === 'previousValue'
        ? FIELDS[field]![name]
        : FIELDS_OF[field]!(location.ask as Closure<Location>);
    return { type: 'double', ask, canThrow: location.canThrow };
  }

  private compileQuantifier({ args: [name, list, given] }: NodeOf<'rcall'>, names: Names): Operand | undefined {
    const [variable, predicate] = given;
    const elements = this.compile(list, names);
    const type = /^list<(.+)>$/.exec(elements?.type ?? '')?.[1];
    if (!elements || type === undefined || variable?.op !== 'id' || !predicate) return undefined;
    const cell: Cell = { element: undefined };
    const asked = this.compile(predicate, new Map([...names, [variable.args, elementOperand(type, cell)]]));
    if (asked?.type !== 'bool') return undefined;
    const ask = QUANTIFIER_CLOSURES[name]!(
      elements.ask as Closure<readonly unknown[]>,
      cell,
      asked.ask as Closure<boolean>,
    );
    return { type: 'bool', ask, canThrow: elements.canThrow || asked.canThrow };
  }

  private compileOverload(node: Node, names: Names): Operand | undefined {
    const given = this.compileAll(operands(node), names);
    if (!given) return undefined;
    const signature = signatureOf(node, given);
    const size = SIZES.get(signature);
    if (size) return sizeOperand(given[0]!, size(given[0]!.ask as Closure<never>));
    return compare(node.op, given) ?? apply(signature, given);
  }
}

function apply(signature: string, given: readonly Operand[]): Operand | undefined {
  const overload = OVERLOADS.get(signature);
  return overload && applied(overload, given);
}

/** A comparison with a constant on its left is one with it on its right, and one of sizes is one of plain numbers. */
function compare(operator: string, [left, right]: readonly Operand[]): Operand | undefined {
  const mirrored = MIRRORED.get(operator);
  if (mirrored === undefined || !left || !right) return undefined;
  if (left.constant && !right.constant) return apply(`${right.type} ${mirrored} ${left.type}`, plain([right, left]));
  const given = plain([left, right]);
  return apply(`${given[0]!.type} ${operator} ${given[1]!.type}`, given);
}

function plain(given: readonly [Operand, Operand]): readonly Operand[] {
  const [{ count, canThrow }, { constant }] = given;
  if (!count || typeof constant?.value !== 'bigint') return given;
  const number = Number(constant.value);
  if (!Number.isSafeInteger(number)) return given;
  return [{ type: 'double', ask: count, canThrow }, constantOperand('double', number)];
}

function sizeOperand({ canThrow }: Operand, count: Closure<number>): Operand {
  return { type: 'int', ask: asInt(count), count, canThrow };
}

function asInt(count: Closure<number>): Closure<bigint> {
  return (sample, before) => BigInt(count(sample, before));
}

const LITERAL_TYPES: Readonly<Record<string, string>> = {
  number: 'double',
  bigint: 'int',
  string: 'string',
  boolean: 'bool',
};

function literalOperand(literal: unknown): Operand | undefined {
  const type = literal instanceof Object ? 'Pattern' : LITERAL_TYPES[typeof literal];
  return type === undefined ? undefined : constantOperand(type, literal);
}

/** As in the lists of overloads: `double < int`, `-int`, `size(string)`, `string.contains(string)`. */
function signatureOf(node: Node, given: readonly Operand[]): string {
  const [first = '', ...others] = given.map(({ type }) => type);
  switch (node.op) {
    case 'call':
      return `${node.args[0]}(${[first, ...others].join(', ')})`;
    case 'rcall':
      return `${first}.${node.args[0]}(${others.join(', ')})`;
    case '!_':
    case '-_':
      return `${node.op[0]}${first}`;
    default:
      return `${first} ${node.op} ${others[0]}`;
  }
}
