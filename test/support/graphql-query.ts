/** A field of a query, with its arguments' values and the fields asked of it. */
export interface QueryField {
  /** Its name in the answer: the alias, or the name. */
  as: string;
  name: string;
  args: Record<string, unknown>;
  fields: QueryField[];
}

const TOKEN = /#[^\n]*|[\s,\uFEFF]+|([_A-Za-z]\w*|\$\w+|"(?:\\.|[^"\\])*"|-?\d+(?:\.\d+)?|[{}()[\]:!=])/gy;

/**
 * The fields at the top of a GraphQL query, with variables put in: as much of the language as one operation needs, in
 * whatever formatting. Throws on the rest (fragments, directives, several operations).
 */
export function parseQuery(text: string, variables: Record<string, unknown>): QueryField[] {
  const reader = new QueryReader(tokenize(text), variables);
  return reader.operation();
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    end = match.index + match[0].length;
    if (match[1] !== undefined) tokens.push(match[1]);
  }
  if (end !== text.length) throw new Error(`Unexpected "${text.slice(end, end + 10)}"`);
  return tokens;
}

class QueryReader {
  private position = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly variables: Record<string, unknown>,
  ) {}

  operation(): QueryField[] {
    if (this.takes('query')) {
      if (this.peek() !== '(' && this.peek() !== '{') this.position += 1;
      if (this.takes('(')) while (!this.takes(')')) this.next();
    }
    const fields = this.selection();
    if (this.peek() !== undefined) throw new Error(`Unexpected "${this.peek()}"`);
    return fields;
  }

  private selection(): QueryField[] {
    this.expect('{');
    const fields: QueryField[] = [];
    while (!this.takes('}')) fields.push(this.field());
    return fields;
  }

  private field(): QueryField {
    const as = this.next();
    if (!/^\w+$/.test(as)) throw new Error(`Unexpected "${as}"`);
    const name = this.takes(':') ? this.next() : as;
    const args = this.takes('(') ? this.members(')') : {};
    return { as, name, args, fields: this.peek() === '{' ? this.selection() : [] };
  }

  private members(close: string): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    while (!this.takes(close)) {
      const name = this.next();
      this.expect(':');
      members[name] = this.value();
    }
    return members;
  }

  private value(): unknown {
    const token = this.next();
    if (token === '{') return this.members('}');
    if (token.startsWith('$')) return this.variables[token.slice(1)];
    if (/^("|-?\d|null$|true$|false$)/.test(token)) return JSON.parse(token);
    throw new Error(`Unexpected "${token}"`);
  }

  private expect(token: string): void {
    const next = this.next();
    if (next !== token) throw new Error(`Expected "${token}", found "${next}"`);
  }

  private takes(token: string): boolean {
    if (this.peek() !== token) return false;
    this.position += 1;
    return true;
  }

  private peek(): string | undefined {
    return this.tokens[this.position];
  }

  private next(): string {
    const token = this.tokens[this.position++];
    if (token === undefined) throw new Error('Unexpected end of the query');
    return token;
  }
}
