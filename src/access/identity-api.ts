import { parseAddress } from '../core/address.js';
import { parseDid } from '../core/did.js';
import { requestJson } from './json-request.js';
import type { Verdict } from './permission-provider.js';

/** The service's own maximum; a larger page is an error. */
const PAGE_SIZE = 100;

/** A page of 100 vehicles has some 10 KB. */
const ANSWER_BYTES_MAX = 1024 * 1024;

const LICENSE_QUERY = `query($clientId: Address) {
  developerLicense(by: { clientId: $clientId }) { clientId }
}`;

const VEHICLES_QUERY = `query($clientId: Address, $after: String) {
  vehicles(first: ${PAGE_SIZE}, after: $after, filterBy: { privileged: $clientId }) {
    nodes { tokenDID }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** One page of vehicles; without `next` it is the last one. */
export interface VehiclePage {
  vehicles: string[];
  next: string | undefined;
}

/** Asks DIMO's identity-api, GraphQL over HTTP. */
export class IdentityApi {
  constructor(private readonly options: { url: string; timeoutMs: number }) {}

  /** Whether the address is a developer license's client id. Throws when that cannot be told. */
  async developerLicense(address: string): Promise<Exclude<Verdict, 'unknown'>> {
    return readLicense(await this.query(LICENSE_QUERY, { clientId: address }), address);
  }

  /** The page of shared vehicles behind a cursor, the first one without. Throws when it cannot be had whole. */
  async sharedVehicles(license: string, after: string | undefined): Promise<VehiclePage> {
    return readVehiclePage(await this.query(VEHICLES_QUERY, { clientId: license, after: after ?? null }));
  }

  private query(query: string, variables: Record<string, string | null>): Promise<unknown> {
    const { url, timeoutMs } = this.options;
    return requestJson({ url, body: { query, variables }, timeoutMs, maxAnswerBytes: ANSWER_BYTES_MAX });
  }
}

/**
 * Reads the answer about a license. "Not found" is an error of GraphQL in this service (internal/repositories/error.go),
 * but an answer to this question: the only error that is. Throws on any other, and on an answer for another address.
 */
export function readLicense(answer: unknown, address: string): 'granted' | 'denied' {
  const errors = errorsOf(answer);
  if (errors.length > 0 && errors.every(isNotFound)) return 'denied';
  refuseErrors(errors);
  const license = memberOf(memberOf(answer, 'data'), 'developerLicense');
  if (license === null) return 'denied';
  const clientId = memberOf(license, 'clientId');
  if (typeof clientId === 'string' && parseAddress(clientId) === parseAddress(address)) return 'granted';
  throw new Error('The identity service answered about another license than it was asked for');
}

/** Reads a page of vehicles and brings its DIDs into canonical form. Throws on errors, even beside data, and on wrong shapes. */
export function readVehiclePage(answer: unknown): VehiclePage {
  refuseErrors(errorsOf(answer));
  const connection = memberOf(memberOf(answer, 'data'), 'vehicles');
  const nodes = memberOf(connection, 'nodes');
  const pageInfo = memberOf(connection, 'pageInfo');
  const [hasNextPage, endCursor] = [memberOf(pageInfo, 'hasNextPage'), memberOf(pageInfo, 'endCursor')];
  if (!Array.isArray(nodes) || typeof hasNextPage !== 'boolean') {
    throw new Error('The identity service answered with no page of vehicles');
  }
  const vehicles = nodes.map(readVehicle);
  if (!hasNextPage) return { vehicles, next: undefined };
  if (typeof endCursor === 'string' && endCursor !== '') return { vehicles, next: endCursor };
  throw new Error('The identity service has more vehicles, but names no cursor to them');
}

function readVehicle(node: unknown): string {
  const did = memberOf(node, 'tokenDID');
  const parsed = typeof did === 'string' ? parseDid(did) : undefined;
  if (parsed?.kind === 'ok') return parsed.did;
  throw new Error('The identity service names a vehicle without a valid DID');
}

function errorsOf(answer: unknown): unknown[] {
  const errors = memberOf(answer, 'errors');
  return Array.isArray(errors) ? errors : [];
}

function refuseErrors(errors: readonly unknown[]): void {
  if (errors.length === 0) return;
  const message = memberOf(errors[0], 'message');
  throw new Error(`The identity service answered with an error: ${typeof message === 'string' ? message : 'unnamed'}`);
}

function isNotFound(error: unknown): boolean {
  const code = memberOf(memberOf(error, 'extensions'), 'code');
  const message = memberOf(error, 'message');
  return code === 'NOT_FOUND' || (typeof message === 'string' && message.trim().toLowerCase() === 'not found');
}

/** A member of what may be an object; undefined when it is none or has none. */
function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
