import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority, type Authority } from '../../dev/certificates.js';
import { silentLog } from '../observability/log.js';
import { RecordingDial } from '../../test/support/hostile-network.js';
import { startHttpsTarget, type HttpsTarget } from '../../test/support/https-target.js';
import { AddressGuard } from './address-guard.js';
import { Handshake } from './handshake.js';
import { TargetClient } from './http-client.js';

const TOKEN = 'tok-Ünï-123';

let authority: Authority;
let server: HttpsTarget;
let client: TargetClient;
let handler: RequestListener;
let handshake: Handshake;

beforeAll(async () => {
  authority = await createAuthority();
  server = await startHttpsTarget(authority, (request, response) => handler(request, response));
  client = new TargetClient({
    guard: new AddressGuard({ allow: [`127.0.0.1:${server.port}`, '127.0.0.1:9'] }),
    timeoutMs: 5_000,
    connectionsPerOrigin: 4,
    ca: authority.caPem,
    resolve: () => Promise.reject(new Error('no such name')),
    // A guard that fails sends nothing to anybody.
    dial: new RecordingDial().dial,
    log: silentLog,
  });
  handshake = new Handshake({ client });
});

afterEach(() => {
  handler = (_request, response) => response.end();
});

afterAll(async () => {
  await client.close();
  await server.stop();
});

test('the challenge is one exact POST', async () => {
  const seen: unknown[] = [];
  handler = (request, response) => {
    seen.push(request.method, request.url, request.headers['content-type'], text(request));
    response.end(TOKEN);
  };
  expect(await handshake.prove(server.url('/hook?x=1'), TOKEN)).toEqual({ kind: 'proven' });
  expect(await Promise.all(seen)).toEqual(['POST', '/hook?x=1', 'application/json', '{"verification": "test"}']);
});

describe('the token proves the target, with any white space around it', () => {
  test.each([
    ['nothing around it', TOKEN],
    ['a line end', `${TOKEN}\r\n`],
    ['blanks and tabs', ` \t${TOKEN}\v\f `],
    ["Unicode's white space", `\u00a0\u2003\u3000${TOKEN}\u0085\u2028`],
    ['4096 bytes in all', TOKEN.padEnd(4096 - (Buffer.byteLength(TOKEN) - TOKEN.length))],
  ])('%s', async (_what, body) => {
    handler = (_request, response) => response.end(body);
    expect(await handshake.prove(server.url(), TOKEN)).toEqual({ kind: 'proven' });
  });
});

describe('everything else is refused with the step that failed, and nothing of the answer', () => {
  const SECRET_PART = 'internal-banner';
  const answers = (status: number, body: string) => (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(status, { location: `/${SECRET_PART}` }).end(body);
  };

  test.each<[string, string, RequestListener]>([
    ['another token', 'token', answers(200, SECRET_PART)],
    ['another case', 'token', answers(200, TOKEN.toUpperCase())],
    ['a quoted token', 'token', answers(200, `"${TOKEN}"`)],
    ['a token and more', 'token', answers(200, `${TOKEN} ${SECRET_PART}`)],
    ['a part of the token', 'token', answers(200, TOKEN.slice(0, -1))],
    ['nothing', 'token', answers(200, '')],
    ['the token with status 201', 'status', answers(201, TOKEN)],
    ['the token with status 204', 'status', answers(204, TOKEN)],
    ['a redirect', 'status', answers(302, TOKEN)],
    ['an error', 'status', answers(500, SECRET_PART)],
    ['more than 4 KiB', 'body', answers(200, TOKEN.padEnd(5_000))],
    [
      'a body that breaks off',
      'body',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write(SECRET_PART);
        setImmediate(() => response.socket!.destroy());
      },
    ],
    ['a closed connection', 'connect', (_request, response) => void response.socket!.destroy()],
  ])('%s', async (_what, step, listener) => {
    handler = listener;
    const result = await handshake.prove(server.url(), TOKEN);
    expect(result).toEqual({ kind: 'refused', step, message: expect.stringMatching(/^The .+\.$/) });
    expect(JSON.stringify(result)).not.toContain(SECRET_PART);
  });

  test.each([
    ['a blocked address', 'address', 'https://127.0.0.2/'],
    ['a name that does not exist', 'address', 'https://gone.example/'],
    ['no URL', 'address', 'nonsense'],
    ['http', 'address', 'http://127.0.0.1/'],
    ['nobody listening', 'connect', 'https://127.0.0.1:9/'],
  ])('%s', async (_what, step, url) => {
    expect(await handshake.prove(url, TOKEN)).toMatchObject({ kind: 'refused', step });
  });

  test('a blocked address and a missing name read the same', async () => {
    const [blocked, missing] = await Promise.all([
      handshake.prove('https://10.0.0.1/', TOKEN),
      handshake.prove('https://gone.example/', TOKEN),
    ]);
    expect(blocked).toEqual(missing);
  });

  test('an untrusted certificate', async () => {
    const other = new TargetClient({
      guard: new AddressGuard({ allow: ['127.0.0.1'] }),
      timeoutMs: 5_000,
      connectionsPerOrigin: 1,
      log: silentLog,
    });
    const result = await new Handshake({ client: other }).prove(server.url(), TOKEN);
    await other.close();
    expect(result).toMatchObject({ kind: 'refused', step: 'tls' });
  });

  test.each<[string, string, RequestListener]>([
    ['no answer', 'status', () => undefined],
    ['an answer that does not end', 'body', (_request, response) => void response.write(SECRET_PART)],
  ])('%s in time', async (_what, step, listener) => {
    handler = listener;
    const result = await new Handshake({ client, timeoutMs: 100 }).prove(server.url(), TOKEN);
    expect(result).toEqual({ kind: 'refused', step, message: 'The target URL did not answer in time.' });
  });

  test.each(['', ' ', '\u0085\n'])('an empty token (%j) proves nothing and sends nothing', async (token) => {
    let requests = 0;
    handler = (_request, response) => {
      requests++;
      response.end(token);
    };
    expect(await handshake.prove(server.url(), token)).toMatchObject({ kind: 'refused', step: 'token' });
    expect(requests).toBe(0);
  });
});
