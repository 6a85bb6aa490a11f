import { isZeroAddress, parseAddress } from '../core/address.js';
import { parseDid } from '../core/did.js';
import { Problem } from './problem.js';

/** The spellings of a UUID that the original API takes: with dashes, as URN, in braces, or as 32 hex digits. */
const UUID =
  /^(?:urn:uuid:)?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$|^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/i;

/** Where callers have an id from. */
const ID_SOURCES = {
  webhook: 'the answer to its registration',
  endpoint: 'the answer to its making',
  delivery: 'the list',
  event: 'the list',
  operation: 'the answer to the call',
  'API key': 'the list',
} as const;

/** An id in canonical spelling, whatever accepted spelling it came in; throws a 400 for anything else. */
export function readId(text: string, of: keyof typeof ID_SOURCES): string {
  const id = parseUuid(text);
  if (id !== undefined) return id;
  throw new Problem(400, {
    kind: 'invalid-request',
    message: `Invalid ${of} id`,
    detail: `The ${of} id in the path must be a UUID, as ${ID_SOURCES[of]} has it.`,
  });
}

/** Canonical spelling of a UUID, undefined when the text is none. */
export function parseUuid(text: string): string | undefined {
  const bare = text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text;
  const groups = UUID.exec(bare)?.slice(1).filter(Boolean);
  return groups?.join('-').toLowerCase();
}

/** A vehicle's canonical DID; throws a 400 for anything else. */
export function readVehicle(text: string): string {
  const parsed = parseDid(text);
  if (parsed.kind === 'ok') return parsed.did;
  throw new Problem(400, { kind: 'invalid-request', message: `Invalid asset DID format: ${parsed.reason}` });
}

/** A license's address in EIP-55 spelling; throws a 400 for anything else. */
export function readLicense(text: string): string {
  const license = parseAddress(text);
  if (license !== undefined && !isZeroAddress(license)) return license;
  throw new Problem(400, {
    kind: 'invalid-request',
    message: 'Invalid license address',
    detail: 'The license in the path must be an Ethereum address: 0x and 40 hexadecimal digits, not all zero.',
  });
}
