import type { ASTNode } from '@marcbachmann/cel-js';

/** A node of a parsed condition. */
export type Node = ASTNode;
export type NodeOf<Operator extends Node['op']> = Extract<Node, { op: Operator }>;

/** The macros that run a predicate for each element of a list. */
export const QUANTIFIERS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one']);

/** A node's operands, from left to right; those of a quantifier are the list, its variable and its predicate. */
export function operands(node: Node): readonly Node[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '!_':
    case '-_':
      return [node.args];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    default:
      return node.args;
  }
}
