import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

const ADDRESS = /^(?:0[xX])?([0-9a-fA-F]{40})$/;

/**
 * An Ethereum address in the one spelling that we store and compare: `0x` and the mixed case of EIP-55.
 * Takes any letter case, with or without `0x`; a wrong checksum is not refused, as upstream does not.
 * Undefined when the text is no address.
 */
export function parseAddress(text: string): string | undefined {
  const digits = ADDRESS.exec(text)?.[1]?.toLowerCase();
  if (digits === undefined) return undefined;
  const hash = bytesToHex(keccak_256(utf8ToBytes(digits)));
  let checksummed = '0x';
  for (let i = 0; i < digits.length; i++) {
    checksummed += hash.charCodeAt(i) >= CODE_OF_8 ? digits.charAt(i).toUpperCase() : digits.charAt(i);
  }
  return checksummed;
}

/** Nobody's: whoever burns something sends it there. */
export function isZeroAddress(address: string): boolean {
  return /^0x0{40}$/.test(address);
}

/** Hex digits from 8 up, letters included, sort at or after the character "8". */
const CODE_OF_8 = '8'.charCodeAt(0);
