import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { answerUnreadableRequests } from './unreadable-request.js';

let server: Server;

beforeAll(async () => {
  server = createServer((_, response) => response.end('fine'));
  answerUnreadableRequests(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(() => {
  server.close();
});

test.each([
  ['text that is no HTTP', 'hello\r\n\r\n', 400],
  ['a chunk without a size', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
  ['headers that are too long', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
])('%s is answered with a problem document', async (_, sent, status) => {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(sent);
  const answer = await text(socket);
  expect(answer).toMatch(new RegExp(`HTTP/1.1 ${status} [^]*Content-Type: application/problem\\+json\r\n`));
  const body = JSON.parse(answer.slice(answer.lastIndexOf('\r\n\r\n'))) as object;
  expect(body).toMatchObject({ status, code: status, message: expect.any(String) });
});
