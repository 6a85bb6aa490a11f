/**
 * A process of receivers: HTTPS servers at ports of their own that read each request to its end and answer 204. Begins with
 * a message of its ports and the certificate to trust; told to `expect` so many requests, it says when they have arrived.
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../dev/certificates.js';

/** The first message. */
export interface ReceiversReady {
  ports: number[];
  caPem: string;
}

/** What it is told. */
export interface Expectation {
  expect: number;
}

let left = 0;

const authority = await createAuthority();
const { certPem, keyPem } = await authority.issue(['127.0.0.1']);
const ports = await Promise.all(Array.from({ length: Number(process.argv[2]) }, listen));
process.on('message', ({ expect }: Expectation) => (left = expect));
process.on('disconnect', () => process.exit());
process.send!({ ports, caPem: authority.caPem } satisfies ReceiversReady);

async function listen(): Promise<number> {
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    request.resume().once('end', () => {
      response.writeHead(204).end();
      if (--left === 0) process.send!('arrived');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
