import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { silentLog } from '../observability/log.js';
import { createHttpApp } from './api.module.js';
import { ProblemFilter } from './problem.filter.js';
import { APP_FILTER } from '@nestjs/core';

const PAGE =
  '<meta property="csp-nonce" nonce="CSP_NONCE"><script type="module" src="/console/assets/index-1a.js" nonce="CSP_NONCE">';
const SCRIPT = 'console.log("a script that is long enough")';

/** All that the console needs of the application around it. */
class Surroundings {}
Module({ providers: [{ provide: APP_FILTER, useFactory: () => new ProblemFilter(silentLog) }] })(Surroundings);

const base = mkdtempSync(join(tmpdir(), 'tripline-console-'));
const folder = join(base, 'console');
const signInFile = join(base, 'sign-in.json');
const apps: NestExpressApplication[] = [];
let port: number;

beforeAll(async () => {
  mkdirSync(join(folder, 'assets', 'deep'), { recursive: true });
  const files = {
    'index.html': PAGE,
    'theme.js': 'theme()',
    'icon.svg': '<svg/>',
    'assets/index-1a.js': SCRIPT,
    'assets/index-1a.js.br': brotliCompressSync(SCRIPT),
    'assets/index-1a.js.gz': gzipSync(SCRIPT),
    'assets/index-2b.css': 'a{}',
    'assets/inter-3c.woff2': 'font',
    'assets/map-4d.json': '{}',
    'assets/index-1a.js.map': 'a map',
    'assets/deep/x.js': 'too deep',
    '.hidden.js': 'hidden',
    '../secret.js': 'secret',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  port = await serve(folder);
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  rmSync(base, { recursive: true });
});

async function serve(place: string): Promise<number> {
  const options = { log: silentLog, corsOrigins: ['*'], console: { folder: place, signInFile } };
  const app = await createHttpApp(Surroundings, options);
  apps.push(app);
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

interface Got {
  status: number;
  headers: IncomingMessage['headers'];
  bytes: Buffer;
  text: string;
}

/** With the path as it stands, which `fetch` would tidy up. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET', at = port): Promise<Got> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port: at, path, method, headers, agent: false }, resolve);
    sent.once('error', reject).end();
  });
  const bytes = await buffer(answer);
  return { status: answer.statusCode!, headers: answer.headers, bytes, text: bytes.toString() };
}

function policyOf({ headers }: Got): Record<string, string> {
  const directives = (headers['content-security-policy'] as string).split(';');
  return Object.fromEntries(
    directives.map((directive) => directive.trim().split(/ (.*)/s).slice(0, 2) as [string, string]),
  );
}

test.each([
  '/console/',
  '/console/webhooks',
  '/console/webhooks/1/edit',
  '/console/webhooks/a.b',
  '/console/index.html',
])('%s is the page, under its policy, and kept by nobody', async (path) => {
  const got = await get(path);
  const nonce = /nonce="([^"]+)"/.exec(got.text)![1]!;
  expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
  expect(got.text).toBe(PAGE.replaceAll('CSP_NONCE', nonce));
  expect(policyOf(got)).toEqual({
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': `'self' 'nonce-${nonce}'`,
    'img-src': "'self'",
    'font-src': "'self'",
    'connect-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    'require-trusted-types-for': "'script'",
  });
  expect([got.status, got.headers]).toMatchObject([
    200,
    {
      ...{ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'x-frame-options': 'DENY' },
      ...{ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' },
      'cross-origin-opener-policy': 'same-origin',
    },
  ]);
  expect(got.headers).not.toHaveProperty('access-control-allow-origin');
  expect(got.headers).not.toHaveProperty('strict-transport-security');
});

test('no nonce is good for two answers', async () => {
  const policies = await Promise.all([get('/console/'), get('/console/')]);
  expect(policyOf(policies[0])['style-src']).not.toBe(policyOf(policies[1])['style-src']);
});

test.each([
  ['/console', '/console/'],
  ['/console?from=x', '/console/?from=x'],
])('%s leads to %s', async (path, to) => {
  const { status, headers } = await get(path);
  expect([status, headers.location]).toEqual([307, to]);
});

test.each([
  ['assets/index-1a.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['assets/index-2b.css', 'text/css; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['assets/inter-3c.woff2', 'font/woff2', 'public, max-age=31536000, immutable'],
  ['assets/map-4d.json', 'application/json; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['theme.js', 'text/javascript; charset=utf-8', 'no-cache'],
  ['icon.svg', 'image/svg+xml', 'no-cache'],
])('%s is %s and kept: %s', async (path, type, kept) => {
  const { status, headers, text } = await get(`/console/${path}`);
  expect([status, headers['content-type'], headers['cache-control'], headers.vary]).toEqual([
    ...[200, type, kept, 'Accept-Encoding'],
  ]);
  expect(text).not.toBe('');
});

test.each([
  ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
  ['gzip', 'gzip', gunzipSync],
  ['br;q=0, gzip', 'gzip', gunzipSync],
  ['*', 'br', brotliDecompressSync],
  ['identity', undefined, (bytes: Buffer) => bytes],
  ['', undefined, (bytes: Buffer) => bytes],
])('whoever accepts "%s" gets %s, of the same type', async (accepted, encoding, decode) => {
  const got = await get('/console/assets/index-1a.js', { 'accept-encoding': accepted });
  expect([got.headers['content-encoding'], got.headers['content-type']]).toEqual([
    ...[encoding, 'text/javascript; charset=utf-8'],
  ]);
  expect(decode(got.bytes).toString()).toBe(SCRIPT);
});

test('a file that was not compressed comes as it is', async () => {
  const { headers, text } = await get('/console/theme.js', { 'accept-encoding': 'br' });
  expect([headers['content-encoding'], text]).toEqual([undefined, 'theme()']);
});

test.each(['/console/', '/console/assets/index-1a.js', '/console/sign-in.json'])(
  'HEAD of %s has the headers of GET, and nothing else',
  async (path) => {
    const [head, full] = [await get(path, {}, 'HEAD'), await get(path)];
    expect([head.status, head.text, head.headers['content-length']]).toEqual([
      ...[200, '', full.headers['content-length']],
    ]);
    expect(head.headers['content-type']).toBe(full.headers['content-type']);
  },
);

test.each([
  '/console/assets/gone-9z.js',
  '/console/assets/',
  '/console/assets/deep',
  '/console/assets/deep/x.js',
  '/console/assets/index-1a.js.map',
  '/console/assets/index-1a.js.br',
  '/console/gone.js',
  '/console/.hidden.js',
  '/console/../secret.js',
  '/console/assets/../../secret.js',
  '/console/assets/..%2f..%2fsecret.js',
  '/console/..%2fsecret.js',
  '/console/%2e%2e/secret.js',
  '/console/assets/..\\..\\secret.js',
  '/console//secret.js',
  '/console/assets/%00.js',
])('%s gives nothing away', async (path) => {
  const { status, text, headers } = await get(path);
  for (const content of ['secret', 'too deep', 'hidden', 'a map']) expect(text).not.toBe(content);
  // Whatever is no file is a route, of which the page says that there is none.
  if (status === 200) expect(text).toContain('csp-nonce');
  else expect([status, headers['content-type']]).toEqual([404, 'application/problem+json; charset=utf-8']);
});

test.each(['/console/assets/gone-9z.js', '/console/gone.js', '/console/assets/deep/x.js'])(
  'a file that is not there is no page: %s',
  async (path) => {
    const { status, text } = await get(path);
    expect([status, JSON.parse(text)]).toMatchObject([404, { message: `Cannot GET ${path}`, code: 404 }]);
  },
);

test.each(['bytes=0-3', 'bytes=99999999-', 'bytes=3-0', 'rubbish'])('%s of a file is all of it', async (range) => {
  const { status, headers, text } = await get('/console/assets/index-1a.js', { range });
  expect([status, headers['content-range'], text]).toEqual([200, undefined, SCRIPT]);
});

test.each(['br', 'identity'])('a file that is not as it was to be is not sent, and says so: %s', async (encoding) => {
  const got = await get('/console/assets/index-1a.js', { 'if-match': '"other"', 'accept-encoding': encoding });
  expect([got.status, got.headers['content-type'], JSON.parse(got.text).code]).toEqual([
    ...[412, 'application/problem+json; charset=utf-8', 412],
  ]);
  for (const name of ['content-encoding', 'cache-control', 'etag']) expect(got.headers).not.toHaveProperty(name);
  expect(got.headers['content-security-policy']).toBeDefined();
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is refused', async (method) => {
  const got = await get('/console/webhooks', { origin: 'https://elsewhere.example' }, method);
  expect([got.status, got.headers.allow, JSON.parse(got.text).code]).toEqual([405, 'GET, HEAD', 405]);
  expect(got.headers).not.toHaveProperty('access-control-allow-origin');
});

test('a console that was not built says how it is', async () => {
  const at = await serve(join(base, 'nowhere'));
  const { status, text } = await get('/console/', {}, 'GET', at);
  expect([status, JSON.parse(text).detail]).toEqual([404, expect.stringContaining('npm run build -w console')]);
});

test('what is beside the console has none of this', async () => {
  const { status, headers } = await get('/consoles');
  expect([status, headers['content-security-policy']]).toEqual([404, undefined]);
});

const SIGN_IN = { token: 't', license: '0x1', demo: null };

test('sign-in is filled in by the file as it is now, for pages of this machine', async () => {
  const read = async (host: string) =>
    await get('/console/sign-in.json', { host, origin: 'https://elsewhere.example' });
  rmSync(signInFile, { force: true });
  const without = await read('127.0.0.1:3003');
  expect([without.status, JSON.parse(without.text)]).toEqual([200, { embedded: null }]);
  writeFileSync(signInFile, JSON.stringify(SIGN_IN));
  for (const host of ['127.0.0.1:3003', 'localhost:5173', 'LOCALHOST', '[::1]:3003']) {
    const got = await read(host);
    expect([JSON.parse(got.text), got.headers['cache-control']]).toEqual([{ embedded: SIGN_IN }, 'no-store']);
    expect(got.headers).not.toHaveProperty('access-control-allow-origin');
  }
  for (const host of ['tunnel.example', '127.0.0.1.elsewhere.example', 'localhost.example:3003', '10.0.0.1']) {
    expect(JSON.parse((await read(host)).text)).toEqual({ embedded: null });
  }
});

test('a file that is no JSON is a mistake of ours', async () => {
  writeFileSync(signInFile, '{');
  expect((await get('/console/sign-in.json')).status).toBe(500);
});
