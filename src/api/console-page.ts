import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { readConsoleSignIn } from './console-sign-in.js';
import { pageHeaders } from './page-headers.js';
import { Problem } from './problem.js';

/** Where the console is, and what it may know before anybody signs in. */
export interface ConsolePlace {
  /** The built page: `index.html`, and what it loads. */
  folder: string;
  /** See `console-sign-in.ts`; nothing is known without it. */
  signInFile?: string;
}

/** Stands in the built page wherever a nonce belongs. */
const NONCE_WORD = 'CSP_NONCE';
const NONCE_BYTES = 16;

/** What is served at all, and as what. */
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** What the build wrote beside a file, the shortest first. */
const ENCODINGS = [
  { name: 'br', ending: '.br' },
  { name: 'gzip', ending: '.gz' },
] as const;

/** What is said of a file, and not of the problem that comes in its place. */
const OF_THE_FILE = ['Content-Type', 'Content-Encoding', 'Cache-Control', 'ETag', 'Last-Modified'];
const PRECONDITION_FAILED = 412;

/** A file of the page, as opposed to a route in it. No name leads out of the folder: there is no ".." and no "%". */
const FILE = /^\/(?:assets\/)?[A-Za-z0-9_-][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+$/;
/** What can only be meant as a file: it gets no page instead. */
const MEANT_AS_FILE = /^\/assets\/|^\/[^/]+\.[^/]+$/;

/**
 * Serves the console at `/console`, open to anyone: whatever it shows, it asks the REST API for. Every path in it that is
 * no file is a route of the page. To be used there before CORS is enabled, since no page elsewhere has a business here.
 */
export function consoleHandlers({ folder, signInFile }: ConsolePlace): RequestHandler[] {
  const headers = pageHeaders({
    styleSrc: ["'self'", (_request, response) => `'nonce-${nonceOf(response as Response)}'`],
    fontSrc: ["'self'"],
    requireTrustedTypesFor: ["'script'"],
  });
  const answer = async (request: Request, response: Response): Promise<void> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed(request);
    const [path = '', query] = request.originalUrl.split('?');
    if (!path.slice(1).includes('/')) {
      return response.redirect(307, `/console/${query === undefined ? '' : `?${query}`}`);
    }
    if (request.path === '/sign-in.json') {
      const signIn = await readConsoleSignIn(signInFile, request.hostname);
      return void response.set('Cache-Control', 'no-store').json(signIn);
    }
    if (request.path !== '/index.html' && MEANT_AS_FILE.test(request.path)) return sendAsset(folder, request, response);
    return sendPage(folder, response);
  };
  return [assignNonce, headers, answer];
}

function assignNonce(_request: Request, response: Response, next: NextFunction): void {
  response.locals['nonce'] = randomBytes(NONCE_BYTES).toString('base64');
  next();
}

function nonceOf(response: Response): string {
  return response.locals['nonce'] as string;
}

async function sendPage(folder: string, response: Response): Promise<void> {
  const page = await readFile(join(folder, 'index.html'), 'utf8').catch(() => undefined);
  if (page === undefined) throw notBuilt();
  // A nonce is good for one answer.
  response
    .set('Cache-Control', 'no-store')
    .type('html')
    .send(page.replaceAll(NONCE_WORD, nonceOf(response)));
}

async function sendAsset(folder: string, request: Request, response: Response): Promise<void> {
  const { path } = request;
  const type = FILE.test(path) ? TYPES[extname(path)] : undefined;
  if (type === undefined || !(await isFile(join(folder, path)))) throw noSuchFile(request);
  let ending = '';
  for (const encoding of ENCODINGS) {
    if (ending !== '' || !request.acceptsEncodings(encoding.name)) continue;
    if (!(await isFile(join(folder, `${path}${encoding.ending}`)))) continue;
    ending = encoding.ending;
    response.set('Content-Encoding', encoding.name);
  }
  response.vary('Accept-Encoding');
  response.set('Content-Type', type);
  // What is in this folder has a hash of its content in its name.
  response.set('Cache-Control', path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
  const problem = await sent(response, `${path.slice(1)}${ending}`, folder);
  if (problem === undefined) return;
  // Its reader is gone.
  if (response.headersSent) return void response.destroy();
  for (const name of OF_THE_FILE) response.removeHeader(name);
  throw problem.status === PRECONDITION_FAILED ? hasChanged(request) : noSuchFile(request);
}

/** Sends a file whole, whatever part of it is asked for: what failed, if something did. */
function sent(response: Response, path: string, root: string): Promise<(Error & { status?: number }) | undefined> {
  return new Promise((resolve) => {
    response.sendFile(path, { root, cacheControl: false, acceptRanges: false }, (error?: Error) => resolve(error));
  });
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function methodNotAllowed({ method, originalUrl }: Request): Problem {
  return new Problem(405, {
    message: 'Method Not Allowed',
    detail: `${originalUrl.split('?')[0]} takes GET, HEAD, and not ${method}.`,
    headers: { Allow: 'GET, HEAD' },
  });
}

function noSuchFile({ method, originalUrl }: Request): Problem {
  return new Problem(404, {
    message: `Cannot ${method} ${originalUrl.split('?')[0]}`,
    detail: 'The console has no such file. Load the page again if it is of an earlier version.',
  });
}

function hasChanged({ originalUrl }: Request): Problem {
  return new Problem(PRECONDITION_FAILED, {
    message: 'Precondition Failed',
    detail: `${originalUrl.split('?')[0]} is not as If-Match or If-Unmodified-Since wants it. Ask without them.`,
  });
}

function notBuilt(): Problem {
  return new Problem(404, {
    message: 'The console is not built',
    detail: 'Build it with "npm run build -w console", or start with "npm start", which does.',
  });
}
