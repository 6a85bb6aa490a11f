import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseQuery } from './graphql-query.js';
import type { QueryField } from './graphql-query.js';

/** As the real service: larger pages are an error. */
const PAGE_SIZE_MAX = 100;

/** How a request is answered: from the tables, at once or after a while, or as the test wants it. */
export type IdentityAnswer = 'tables' | 'down' | 'hanging' | { afterMs: number } | { status: number; body: string };

/**
 * DIMO's identity-api as far as it is used: GraphQL over HTTP with developer licenses and shared vehicles in real pages
 * of cursors, newest first. An unknown license is an error "not found", as there.
 */
export class IdentityServer {
  /** Client ids, in any letter case. */
  readonly licenses = new Set<string>();
  /** DIDs of the vehicles shared with a license, by its address in lower case. Ordered by token id when answered. */
  readonly shared = new Map<string, string[]>();
  /** Queries seen so far, each as its first field. */
  readonly queries: QueryField[] = [];
  /** Decides for each query. */
  answer: (query: QueryField) => IdentityAnswer = () => 'tables';

  private constructor(private readonly server: Server) {}

  static async start(): Promise<IdentityServer> {
    const server = createServer((request, response) => void identity.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const identity = new IdentityServer(server);
    return identity;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/query`;
  }

  /** Shares vehicles with a license. */
  share(license: string, vehicles: readonly string[]): void {
    const key = license.toLowerCase();
    this.shared.set(key, [...(this.shared.get(key) ?? []), ...vehicles]);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    let fields: QueryField[];
    try {
      const { query, variables = {} } = JSON.parse(Buffer.concat(chunks).toString()) as Question;
      fields = parseQuery(query, variables);
    } catch (error) {
      return reply(response, 422, { errors: [{ message: String(error) }], data: null });
    }
    this.queries.push(fields[0]!);
    const answer = this.answer(fields[0]!);
    if (answer === 'down') response.destroy();
    else if (answer === 'tables') reply(response, 200, this.fromTables(fields));
    else if (answer === 'hanging') return;
    else if ('afterMs' in answer) setTimeout(() => reply(response, 200, this.fromTables(fields)), answer.afterMs);
    else response.writeHead(answer.status).end(answer.body);
  }

  private fromTables(fields: readonly QueryField[]): object {
    const data: Record<string, unknown> = {};
    const errors: object[] = [];
    for (const field of fields) {
      try {
        data[field.as] = select(this.resolve(field), field.fields);
      } catch (error) {
        errors.push({ message: (error as Error).message, path: [field.as] });
        data[field.as] = null;
      }
    }
    return errors.length > 0 ? { errors, data } : { data };
  }

  private resolve({ name, args }: QueryField): object {
    if (name === 'developerLicense') return this.developerLicense(args);
    if (name === 'vehicles') return this.vehicles(args);
    throw new Error(`Cannot query field "${name}" on type "Query".`);
  }

  private developerLicense(args: Record<string, unknown>): object {
    const clientId = (args.by as { clientId?: string } | undefined)?.clientId;
    const known = [...this.licenses].find((license) => license.toLowerCase() === clientId?.toLowerCase());
    if (known === undefined) throw new Error('not found');
    return { clientId: known };
  }

  private vehicles(args: Record<string, unknown>): object {
    const { first, after, filterBy } = args as { first?: number; after?: string; filterBy?: { privileged?: string } };
    if (typeof first !== 'number' || first > PAGE_SIZE_MAX) throw new Error(`first must be at most ${PAGE_SIZE_MAX}`);
    const all = (this.shared.get(filterBy?.privileged?.toLowerCase() ?? '') ?? [])
      .map((did) => ({ tokenDID: did, tokenId: BigInt(did.slice(did.lastIndexOf(':') + 1)) }))
      .sort((a, b) => Number(b.tokenId - a.tokenId));
    const afterId = typeof after === 'string' ? BigInt(Buffer.from(after, 'base64').toString()) : undefined;
    const rest = all.filter(({ tokenId }) => afterId === undefined || tokenId < afterId);
    const nodes = rest.slice(0, first);
    const last = nodes.at(-1);
    const endCursor = last ? Buffer.from(last.tokenId.toString()).toString('base64') : null;
    return { totalCount: all.length, nodes, pageInfo: { hasNextPage: rest.length > first, endCursor } };
  }
}

interface Question {
  query: string;
  variables?: Record<string, unknown>;
}

/** Of a value only what was asked for, as GraphQL does. */
function select(value: unknown, fields: readonly QueryField[]): unknown {
  if (Array.isArray(value)) return value.map((entry) => select(entry, fields));
  if (fields.length === 0 || value === null) return value;
  return Object.fromEntries(
    fields.map((field) => {
      if (!Object.hasOwn(value as object, field.name)) throw new Error(`Cannot query field "${field.name}"`);
      return [field.as, select((value as Record<string, unknown>)[field.name], field.fields)];
    }),
  );
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
