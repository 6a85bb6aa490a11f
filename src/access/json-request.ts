export interface JsonRequest {
  url: string;
  /** Sent by POST; a GET without it. */
  body?: object;
  /** For all of it, the answer's last byte included. */
  timeoutMs: number;
  maxAnswerBytes: number;
}

/**
 * Asks a service of our own installation for JSON and returns what it sent, parsed but unchecked. Throws on everything
 * but status 200 with a whole JSON text within the limits; redirects are not followed. Not for addresses that developers
 * name: those go through the target folder's guard.
 */
export async function requestJson(request: JsonRequest): Promise<unknown> {
  const { url, body, timeoutMs, maxAnswerBytes } = request;
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`Status ${response.status} instead of 200`);
  }
  return JSON.parse(await readText(response, maxAnswerBytes)) as unknown;
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > maxBytes) throw new Error(`The answer is longer than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
