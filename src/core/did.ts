import { parseAddress } from './address.js';

export type ParsedDid = { kind: 'ok'; did: string } | { kind: 'invalid'; reason: string };

/** Longer than any DID of a real chain; the token id itself has no limit in the format. */
export const DID_LENGTH_MAX = 256;

const CHAIN_ID_MAX = 2n ** 64n - 1n;

/**
 * Reads a vehicle's DID, `did:erc721:<chain id>:<contract>:<token id>`, and gives its canonical spelling: numbers
 * without leading zeros, the contract with its EIP-55 checksum. Two spellings name one vehicle exactly when their
 * canonical forms are equal. The same texts pass as in DIMO's services: the contract in any letter case and without
 * `0x`, a token id with a plus sign.
 */
export function parseDid(text: string): ParsedDid {
  if (text !== lastText) [lastParsed, lastText] = [parse(text), text];
  return lastParsed;
}

/** Who reads a record asks for its vehicle more than once. */
let lastText: string | undefined;
let lastParsed: ParsedDid = invalid('it is empty');

function parse(text: string): ParsedDid {
  if (text.length > DID_LENGTH_MAX) return invalid(`it is longer than ${DID_LENGTH_MAX} characters`);
  const prefix = prefixOf(text);
  if (prefix.kind === 'invalid') return prefix;
  const tokenAt = prefix.text.length;
  if (isPlainNumber(text, tokenAt)) {
    return { kind: 'ok', did: prefix.isCanonical ? text : prefix.canonical + text.slice(tokenAt) };
  }
  const tokenId = text.slice(tokenAt);
  if (!/^\+?\d+$/.test(tokenId)) return invalid('the token id is no decimal number');
  return { kind: 'ok', did: `${prefix.canonical}${BigInt(tokenId.replace('+', ''))}` };
}

/** All before the token id, as it was and in its canonical spelling. */
type Prefix = { kind: 'ok'; text: string; canonical: string; isCanonical: boolean };

/** The last one: a fleet's vehicles, and a stream's, are of one contract, and its checksum is a hash. */
let lastPrefix: Prefix | undefined;

function prefixOf(text: string): Prefix | Extract<ParsedDid, { kind: 'invalid' }> {
  const length = text.lastIndexOf(':') + 1;
  const given = text.slice(0, length);
  if (given === lastPrefix?.text) return lastPrefix;
  const parts = text.split(':');
  if (parts.length !== 5) return invalid('it needs five parts, did:erc721:<chain id>:<contract>:<token id>');
  const [scheme, method, chainId, contract] = parts as [string, string, string, string, string];
  if (scheme !== 'did' || method !== 'erc721') return invalid('it must begin with did:erc721:');
  if (!/^\d+$/.test(chainId) || BigInt(chainId) > CHAIN_ID_MAX) return invalid('the chain id is no 64-bit number');
  const address = parseAddress(contract);
  if (address === undefined) return invalid('the contract is no address of 40 hexadecimal digits');
  const canonical = `did:erc721:${BigInt(chainId)}:${address}:`;
  // Put together anew: a part of a text keeps the whole of it, which may be a message, in memory.
  const own = `${parts.slice(0, 4).join(':')}:`;
  lastPrefix = { kind: 'ok', text: own, canonical, isCanonical: own === canonical };
  return lastPrefix;
}

/** Whether digits follow, without a sign or leading zeros: what needs no big number to be canonical. */
function isPlainNumber(text: string, from: number): boolean {
  if (text.charCodeAt(from) === ZERO) return text.length === from + 1;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) return false;
  }
  return text.length > from;
}

const [ZERO, NINE] = ['0'.charCodeAt(0), '9'.charCodeAt(0)] as const;

function invalid(why: string): Extract<ParsedDid, { kind: 'invalid' }> {
  return { kind: 'invalid', reason: `invalid DID: ${why}` };
}
