import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem } from './problem.js';

const REFUSALS: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: new Problem(431, {
    message: 'Request Header Fields Too Large',
    detail: 'The headers of the request are too long together.',
  }),
  ERR_HTTP_REQUEST_TIMEOUT: new Problem(408, {
    message: 'Request Timeout',
    detail: 'The request did not arrive whole in time.',
  }),
};
const NOT_HTTP = new Problem(400, { message: 'Bad Request', detail: 'What was sent is no HTTP/1.1 request.' });

/** Answers what Node's parser refuses before there is a request: like every error, with a problem document. */
export function answerUnreadableRequests(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const problem = REFUSALS[error.code ?? ''] ?? NOT_HTTP;
    const body = problem.body();
    const text = JSON.stringify(body);
    socket.end(
      `HTTP/1.1 ${problem.status} ${String(body.title)}\r\nContent-Type: application/problem+json\r\n` +
        `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    );
  });
}
