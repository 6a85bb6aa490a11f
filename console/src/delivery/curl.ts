/** A request as it can be told to a shell. */
export interface CurlRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** What curl makes itself, or what would be wrong once the body is another. */
const LEFT_OUT = new Set(['content-length', 'host', 'connection', 'accept-encoding', 'traceparent']);

/** What the log keeps of a signature ends with it. */
const CUT = '…';

/**
 * The command that sends a request again from a shell: each text in single quotes, which POSIX shells take literally.
 * `--data-raw`, since a body that begins with @ would be a file's name otherwise. Headers that are kept shortened, which are
 * signatures, are left out.
 */
export function curlCommand({ url, headers, body }: CurlRequest): string {
  const lines = [`curl ${quoted(url)}`];
  for (const [name, value] of Object.entries(headers)) {
    if (LEFT_OUT.has(name.toLowerCase()) || value.endsWith(CUT)) continue;
    // An empty header is left out by curl unless it ends with a semicolon.
    lines.push(`-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`);
  }
  lines.push(`--data-raw ${quoted(body)}`);
  return lines.join(' \\\n  ');
}

/** A text as one word of a POSIX shell; plain words are left as they are. */
export function quoted(text: string): string {
  if (/^[A-Za-z0-9_\-./:=,+%]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
