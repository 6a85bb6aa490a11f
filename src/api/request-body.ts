import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { excessOf } from './json-shape.js';
import { parseJson } from './json-text.js';
import { Problem } from './problem.js';

/** Far above any webhook. */
export const BODY_BYTES_MAX = 1024 * 1024;

/** 100,000 DIDs of 160 bytes. */
export const LIST_BODY_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Reads a request's JSON body, at most `bytesMax` bytes of it after decompression. Throws the problem to answer: 415 for
 * anything but JSON in UTF-8, 413 when it is too large, 400 with line and column when it is malformed.
 */
export async function readJsonBody(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  refuseForeignContent(request.headers['content-type']);
  const bytes = await readBytes(request, bytesMax);
  bodies.set(request, bytes);
  const excess = excessOf(bytes);
  if (excess !== undefined) {
    const detail = `The body is not read, because ${excess}.`;
    throw new Problem(400, { kind: 'invalid-request', message: `Invalid request payload: ${excess}`, detail });
  }
  const text = decodeUtf8(bytes);
  const parsed = parseJson(text);
  if (parsed.kind === 'ok') return parsed.value;
  const { line, column, reason } = parsed;
  throw new Problem(400, {
    kind: 'malformed-json',
    message: `Invalid request payload: line ${line}, column ${column}: ${reason}`,
    detail: `The body is no JSON: ${reason} at line ${line}, column ${column}.`,
    members: { line, column },
  });
}

const bodies = new WeakMap<IncomingMessage, Buffer>();

/** The bytes of a body that was read, after decompression; none where no body was. */
export function bodyBytesOf(request: IncomingMessage): Buffer {
  return bodies.get(request) ?? Buffer.alloc(0);
}

/** `application/json`, `text/json` and `*+json` pass, as far as they claim no other character set than UTF-8. */
function refuseForeignContent(contentType: string | undefined): void {
  const [mediaType = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters
    .map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(parameter)?.[1])
    .find(Boolean);
  const isJson = /^(?:application|text)\/json$|^[^/\s]+\/[^/\s]+\+json$/.test(mediaType.trim());
  if (isJson && (charset === undefined || /^(?:utf-?8|us-ascii)$/.test(charset))) return;
  throw new Problem(415, {
    message: 'Unsupported Media Type',
    detail: 'Send JSON in UTF-8 with the header Content-Type: application/json.',
  });
}

async function readBytes(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // A stream that is left early would be destroyed, and with it the connection that the refusal must go through.
    const source = decompressed(request).iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of source) {
      size += chunk.length;
      if (size > bytesMax) throw tooLarge(bytesMax);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, { message: 'The request body could not be read', detail: (error as Error).message });
  }
  return Buffer.concat(chunks);
}

function decompressed(request: IncomingMessage): Readable {
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase();
  switch (encoding) {
    case 'identity':
      return request;
    case 'gzip':
      return piped(request, createGunzip());
    case 'deflate':
      return piped(request, createInflate());
    case 'br':
      return piped(request, createBrotliDecompress());
    default:
      throw new Problem(415, { message: `Unsupported content encoding: ${encoding.slice(0, 40)}` });
  }
}

function piped(request: IncomingMessage, through: NodeJS.ReadWriteStream & Readable): Readable {
  request.once('error', (error) => through.destroy(error));
  request.once('aborted', () => through.destroy(new Error('the request was aborted')));
  return request.pipe(through);
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, { kind: 'malformed-json', message: 'Invalid request payload: it is not in UTF-8' });
  }
}

function tooLarge(bytesMax: number): Problem {
  return new Problem(413, {
    message: 'Request Entity Too Large',
    detail: `The body may have at most ${bytesMax} bytes here.`,
  });
}
