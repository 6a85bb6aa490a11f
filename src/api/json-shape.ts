/** Deeper than any body that has a meaning here. */
const DEPTH_MAX = 32;
/** Members of all objects together; the largest body with a meaning has some dozens. */
const MEMBERS_MAX = 10_000;
/** Entries of all lists and objects together: a whole fleet's list, and room beside it. */
const ENTRIES_MAX = 150_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_LIST = 0x5d;
const CLOSE_OBJECT = 0x7d;

/**
 * What a body has too much of to be parsed, undefined when it is fine. Parsing runs on the thread that all tenants share,
 * and 16 MiB of brackets or of members would keep it for seconds; looking at the bytes takes milliseconds. The text need
 * not be JSON.
 */
export function excessOf(bytes: Buffer): string | undefined {
  let depth = 0;
  let members = 0;
  let entries = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth += 1;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
    else if (byte === COLON) members += 1;
    else if (byte === COMMA) entries += 1;
    if (depth > DEPTH_MAX) return `it is nested more than ${DEPTH_MAX} deep`;
    if (members > MEMBERS_MAX) return `it has more than ${MEMBERS_MAX} members`;
    if (entries > ENTRIES_MAX) return `it has more than ${ENTRIES_MAX} entries`;
  }
  return undefined;
}

/** The place of the quote that ends the string begun at `start`, or the end of the bytes. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start + 1); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (bytes[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return bytes.length;
}
