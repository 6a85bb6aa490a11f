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
  if (text.length > DID_LENGTH_MAX) return invalid(`it is longer than ${DID_LENGTH_MAX} characters`);
  const parts = text.split(':');
  if (parts.length !== 5) return invalid('it needs five parts, did:erc721:<chain id>:<contract>:<token id>');
  const [scheme, method, chainId, contract, tokenId] = parts as [string, string, string, string, string];
  if (scheme !== 'did' || method !== 'erc721') return invalid('it must begin with did:erc721:');
  if (!/^\d+$/.test(chainId) || BigInt(chainId) > CHAIN_ID_MAX) return invalid('the chain id is no 64-bit number');
  const address = contractOf(contract);
  if (address === undefined) return invalid('the contract is no address of 40 hexadecimal digits');
  if (!/^\+?\d+$/.test(tokenId)) return invalid('the token id is no decimal number');
  return { kind: 'ok', did: `did:erc721:${BigInt(chainId)}:${address}:${BigInt(tokenId.replace('+', ''))}` };
}

let lastContract: { text: string; address: string | undefined } = { text: '', address: undefined };

/** `parseAddress`, which hashes, with the last answer kept: a fleet's vehicles, and a stream's, are of one contract. */
function contractOf(text: string): string | undefined {
  if (text !== lastContract.text) lastContract = { text, address: parseAddress(text) };
  return lastContract.address;
}

function invalid(why: string): ParsedDid {
  return { kind: 'invalid', reason: `invalid DID: ${why}` };
}
