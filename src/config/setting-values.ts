import { isIP } from 'node:net';
import { z } from 'zod';

/** A text that `read` understands; its undefined means "no", and `must` completes the sentence "NAME must be …". */
export function value<T>(must: string, read: (text: string) => T | undefined) {
  return z.string({ error: must }).transform((text, context): T => {
    const result = read(text);
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: must });
    return z.NEVER;
  });
}

/** A whole number from `min` to `max`, both included. */
export function wholeNumber(min: number, max: number) {
  return value(`a whole number from ${min} to ${max}`, (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    return number >= min && number <= max ? number : undefined;
  });
}

/** 0 takes any free port, which tests need. */
export function port() {
  return wholeNumber(0, 65_535);
}

export function trueOrFalse() {
  return value('true or false', (text) => {
    const lower = text.toLowerCase();
    if (lower === 'true' || lower === '1') return true;
    return lower === 'false' || lower === '0' ? false : undefined;
  });
}

/** One of some words, in any letter case. */
export function oneOf<const Word extends string>(words: readonly Word[]) {
  return value(`one of ${words.join(', ')}`, (text) => words.find((word) => word === text.toLowerCase()));
}

export function textOf(must: string, pattern: RegExp) {
  return value(must, (text) => (pattern.test(text) ? text : undefined));
}

/** A URL with one of these protocols, as it was given. */
export function url(...protocols: string[]) {
  return value(`a URL that begins with ${protocols.map((name) => `${name}://`).join(' or ')}`, (text) => {
    const { protocol = '', hostname = '' } = parsedUrl(text) ?? {};
    return protocols.includes(protocol.slice(0, -1)) && hostname !== '' ? text : undefined;
  });
}

function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Entries between commas, blanks around them dropped; all of them must pass, and there is at least one. */
export function list<T>(must: string, read: (entry: string) => T | undefined) {
  return value(must, (text) => {
    const entries = text.split(',').map((entry) => entry.trim());
    const values = entries.filter((entry) => entry !== '').map(read);
    return values.length > 0 && values.every((entry) => entry !== undefined) ? values : undefined;
  });
}

/** `host:port`, the host a name, an IPv4 address or an IPv6 address in brackets. */
export function readHostPort(text: string): string | undefined {
  const [, ipv6, name, port] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]{1,253})):(\d{1,5})$/i.exec(text) ?? [];
  if (ipv6 === undefined ? name === undefined : isIP(ipv6) !== 6) return undefined;
  return Number(port) >= 1 && Number(port) <= 65_535 ? text : undefined;
}

/** A network (`10.0.0.0/8`, `fd00::/8`), one address, or one port of one address (`127.0.0.1:8443`, `[::1]:8443`). */
export function readNetwork(text: string): string | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version !== 0 && rest.length === 0) {
    if (prefix === undefined) return text;
    return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128) ? text : undefined;
  }
  const host = /^\[?([^\]]*)\]?:\d+$/.exec(text)?.[1] ?? '';
  return isIP(host) !== 0 ? readHostPort(text) : undefined;
}

/** An HTTP proxy: a URL without path or query, whose user name and password can be decoded. */
export function readProxyUrl(text: string): string | undefined {
  const parsed = parsedUrl(text);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) return undefined;
  if (parsed.port === '0' || parsed.pathname !== '/' || parsed.search !== '' || parsed.hash !== '') return undefined;
  try {
    decodeURIComponent(parsed.username + parsed.password);
    return text;
  } catch {
    return undefined;
  }
}

const KEY_BYTES = 32;

/** A key of 32 bytes in base64, of either alphabet. */
export function readKey(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES ? key : undefined;
}

/** The origin of pages as browsers send it, without a path; or `*`, which stands for no part of a host. */
export function readOrigin(text: string): string | undefined {
  if (text === '*') return text;
  const parsed = parsedUrl(text);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol) || text.includes('*')) return undefined;
  return parsed.origin === text.toLowerCase() ? parsed.origin : undefined;
}
