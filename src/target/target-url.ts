/** Longest target URL that is accepted, in characters; long enough for every signed or tokenised URL in use. */
export const TARGET_URL_MAX_LENGTH = 2048;

export type TargetUrl = { kind: 'ok'; url: URL } | { kind: 'invalid'; reason: string };

/**
 * Reads a target URL as a developer typed it: absolute, `https:` and without credentials. `reason` is a whole sentence
 * to show. That the URL parses says nothing about its address: it is judged at each connection (see `TargetClient`).
 */
export function parseTargetUrl(text: string): TargetUrl {
  if (text === '') return invalid('The target URL is empty.');
  if (text.length > TARGET_URL_MAX_LENGTH) {
    return invalid(`The target URL is longer than ${TARGET_URL_MAX_LENGTH} characters.`);
  }
  // URL parsing strips or repairs these; what is stored and shown must be what is called.
  if (/[\s\\\p{Cc}]/u.test(text))
    return invalid('The target URL contains a blank, a backslash or a control character.');
  const url = parseUrl(text);
  if (!url) return invalid('The target URL is not an absolute URL such as https://example.com/hook.');
  if (url.protocol !== 'https:') return invalid('The target URL must begin with https://.');
  if (!/^https:\/\/[^/]/i.test(text)) return invalid('The target URL must begin with https:// and a host.');
  // Empty ones count too: `https://@host/` looks like two hosts.
  if (/^https:\/\/[^/?#]*@/i.test(text)) {
    return invalid('The target URL must not contain a user name or password.');
  }
  if (url.port === '0') return invalid('The target URL names port 0.');
  return { kind: 'ok', url };
}

/** `URL.canParse` is not used: Node 20's denies texts with é or ü as soon as it is called often enough to be optimised. */
function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function invalid(reason: string): TargetUrl {
  return { kind: 'invalid', reason };
}
