/**
 * How to call every operation of the OpenAPI document validly. A route that nobody has said this of fails the specs that
 * go over the document, until somebody does.
 */
import { definitionOf } from '../../src/api/openapi-operation.js';
import type { OperationDefinition } from '../../src/api/openapi-operation.js';
import { printDocument } from '../../src/api/openapi-print.js';
import { PLANS } from './operation-plans.js';

/** What calls name: what one license has one of, and nobody else. */
export interface Names {
  license: string;
  webhook: string;
  /** A shared endpoint that no webhook uses. */
  endpoint: string;
  /** The one of the webhook alone. */
  ownEndpoint: string;
  /** One that failed, to the webhook's endpoint. */
  delivery: string;
  event: string;
  /** A bulk call that goes on. */
  operation: string;
  apiKey: string;
  /** A vehicle that the webhook is subscribed to. */
  watched: string;
  /** One that it may be subscribed to. */
  shared: string;
  /** Where a target of its own proves itself with the token. */
  targetUrl: string;
  token: string;
  /** An id of the stream. */
  place: string;
}

export type Name = keyof Names;

/** One way to call an operation. */
export interface Plan {
  /** What `{id}` of the path is the id of. */
  id?: Name;
  /** Which vehicle `{did}` is. */
  did?: Name;
  query?: (names: Names) => Record<string, string>;
  headers?: (names: Names) => Record<string, string>;
  body?: (names: Names) => Record<string, unknown>;
  /** Of its success, where it is not the operation's. */
  status?: number;
  /** Events that follow from it by themselves, as they would have another time; they name no caller. */
  consequences?: readonly string[];
  /** What the call leaves otherwise than other plans need it: who shares belongings takes others from then on. */
  usesUp?: readonly Name[];
  /** Why a call leaves nothing in the event log though its method is one of those that change something. */
  changesNothing?: string;
}

export interface Call {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: unknown;
}

export interface Route {
  method: string;
  path: string;
  definition: OperationDefinition;
}

interface DocumentedOperation {
  operationId: string;
  parameters: { name: string; in: string }[];
}

const document = JSON.parse(await printDocument()) as { paths: Record<string, Record<string, DocumentedOperation>> };

/** Every operation of the document. */
export const ROUTES: readonly Route[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, { operationId }]) => {
    return { method: method.toUpperCase(), path, definition: definitionOf(operationId) };
  }),
);

/** Every way to call an operation that was told; none when nobody has. */
export function plansOf({ definition }: Route): readonly Plan[] {
  return PLANS[definition.id] ?? [];
}

/** The request of a plan in somebody's name. */
export function callOf({ method, path }: Route, plan: Plan, names: Names): Call {
  const filled = path.replace(/\{(\w+)\}/g, (_whole, parameter: string) => {
    const name = parameter === 'license' ? 'license' : plan[parameter as 'id' | 'did'];
    if (name === undefined) throw new Error(`nobody said what {${parameter}} of ${path} is`);
    return names[name];
  });
  const query = plan.query === undefined ? '' : `?${new URLSearchParams(plan.query(names)).toString()}`;
  const body = plan.body?.(names);
  return {
    method,
    path: filled + query,
    headers: plan.headers?.(names) ?? {},
    ...(body === undefined ? {} : { body }),
  };
}

/** What a plan names, wherever in the request it stands. */
export function namesIn(route: Route, plan: Plan): Name[] {
  const used = new Set<Name>();
  const watching = new Proxy({} as Names, {
    get: (_none, name) => {
      used.add(name as Name);
      return String(name);
    },
  });
  callOf(route, plan, watching);
  return [...used];
}

/** Parameters and members that hold no id of anything. */
const WITHOUT_IDS = new Set([
  ...['limit', 'since', 'until', 'type', 'status', 'Idempotency-Key'],
  ...['service', 'metricName', 'displayName', 'name', 'headers'],
]);
/** Of a body's members those that may be an id; there are too many others to name. */
const MAYBE_ID = /(id|ids|did|dids|vehicles?|licenses?|keys?|cursor|names?|urls?|tokens?)$/i;

/** Parameters of the document, and members of its body, that may hold an id and that no plan gives. */
export function neverGiven(route: Route): string[] {
  const { parameters } = document.paths[route.path]![route.method.toLowerCase()]!;
  const inPath = new Set([...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!));
  const outside = parameters.map(({ name }) => name).filter((name) => !inPath.has(name));
  const members = Object.keys(route.definition.body?.schema.shape ?? {}).filter((name) => MAYBE_ID.test(name));
  const given = new Set(plansOf(route).flatMap((plan) => givenBy(plan)));
  return [...outside, ...members].filter((name) => !WITHOUT_IDS.has(name) && !given.has(name));
}

function givenBy({ query, headers, body }: Plan): string[] {
  const names = {} as Names;
  return [query, headers, body].flatMap((part) => Object.keys(part?.(names) ?? {}));
}

/** A name that nobody has, as like another as can be: of the same length and form, and next to it in every list. */
export function unknownLike(name: string): string {
  const random = () => Math.floor(Math.random() * 0x100000000);
  if (name.startsWith('did:')) {
    return name.replace(/\d{6}$/, (digits) => other(digits, () => String(random() % 1_000_000).padStart(6, '0')));
  }
  return name.replace(/[0-9a-f]{8}$/, (digits) => other(digits, () => random().toString(16).padStart(8, '0')));
}

/** Names of somebody who has nothing, like those of somebody who has. */
export function strangersOf(names: Names): Names {
  const unknown = Object.entries(names).map(([name, value]: [string, string]) => [name, unknownLike(value)] as const);
  return Object.fromEntries(unknown) as unknown as Names;
}

function other(than: string, make: () => string): string {
  for (;;) {
    const made = make();
    if (made !== than) return made;
  }
}
