export type ReadDid = { kind: 'ok'; did: string; key: string } | { kind: 'wrong'; reason: string };

/** As long as the API takes one. */
const LENGTH_MAX = 256;

const CHAIN_ID_MAX = 2n ** 64n - 1n;

/**
 * Reads a vehicle's DID, `did:erc721:<chain id>:<contract>:<token id>`, as leniently as the API does, and in any letter
 * case besides. `did` is what to send; two spellings name one vehicle exactly when their `key` is equal. The checksum of
 * the contract is left to the API, which neither asks for it nor minds.
 */
export function readDid(text: string): ReadDid {
  if (text.length > LENGTH_MAX) return wrong(`it is longer than ${LENGTH_MAX} characters`);
  if (/^\d+$/.test(text)) return wrong('it is a token id alone; a DID has the chain and the contract too');
  const parts = text.split(':');
  if (parts.length !== 5) return wrong('it needs five parts, did:erc721:<chain id>:<contract>:<token id>');
  const [scheme, method, chainId, contract, tokenId] = parts as [string, string, string, string, string];
  if (scheme.toLowerCase() !== 'did' || method.toLowerCase() !== 'erc721') {
    return wrong('it must begin with did:erc721:');
  }
  if (!/^\d+$/.test(chainId) || BigInt(chainId) > CHAIN_ID_MAX) return wrong('the chain id is no 64-bit number');
  const digits = /^(?:0[xX])?([0-9a-fA-F]{40})$/.exec(contract)?.[1];
  if (digits === undefined) return wrong('the contract is no address of 40 hexadecimal digits');
  if (!/^\+?\d+$/.test(tokenId)) return wrong('the token id is no decimal number');
  const did = `did:erc721:${BigInt(chainId)}:0x${digits}:${BigInt(tokenId.replace('+', ''))}`;
  return { kind: 'ok', did, key: did.toLowerCase() };
}

/** The part of a DID that people know a vehicle by. */
export function tokenIdOf(did: string): string {
  return did.slice(did.lastIndexOf(':') + 1);
}

/**
 * The vehicles that a search means: those whose token id has the digits in it, the exact one first and the others in
 * their order, or, for anything but digits, whose DID has the text in it, in any letter case.
 */
export function findVehicles(vehicles: readonly string[], search: string): string[] {
  const sought = search.trim().toLowerCase();
  if (sought === '') return [...vehicles];
  if (!/^\d+$/.test(sought)) return vehicles.filter((did) => did.toLowerCase().includes(sought));
  const found = vehicles.filter((did) => tokenIdOf(did).includes(sought));
  const exact = found.filter((did) => tokenIdOf(did) === sought);
  return [...exact, ...found.filter((did) => tokenIdOf(did) !== sought)];
}

/**
 * The one vehicle of each contract that a search can mean where a list is too long to be read: a whole DID, or a token id
 * of a contract that has been seen.
 */
export function guessVehicles(seen: readonly string[], search: string): string[] {
  const sought = search.trim();
  const read = readDid(sought);
  if (read.kind === 'ok') return [read.did];
  if (!/^\d+$/.test(sought)) return [];
  const contracts = new Set(seen.map((did) => did.slice(0, did.lastIndexOf(':') + 1)));
  return [...contracts].map((contract) => `${contract}${BigInt(sought)}`);
}

/** A vehicle as someone typed it: none, one, or what is wrong. */
export type VehicleReading = { kind: 'ok'; vehicle: string | undefined } | { kind: 'wrong'; problem: string };

/** Reads a DID, or the token number of one of the `known` vehicles, with or without #. */
export function vehicleFor(text: string, known: readonly string[]): VehicleReading {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'ok', vehicle: undefined };
  const token = /^#?(\d+)$/.exec(trimmed)?.[1];
  if (token === undefined) {
    const read = readDid(trimmed);
    return read.kind === 'ok' ? { kind: 'ok', vehicle: read.did } : { kind: 'wrong', problem: notADid(read.reason) };
  }
  const found = [...new Set(known)].filter((did) => did.endsWith(`:${token}`));
  if (found.length === 1) return { kind: 'ok', vehicle: found[0] };
  const problem =
    found.length === 0 ? 'No vehicle of this list has this number.' : 'Several vehicles have this number.';
  return { kind: 'wrong', problem: `${problem} Give its whole DID.` };
}

/** Why a text is taken for no DID, as a sentence below its field. */
export function notADid(reason: string): string {
  return `That is not a DID: ${reason}.`;
}

function wrong(reason: string): ReadDid {
  return { kind: 'wrong', reason };
}
