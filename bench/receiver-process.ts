/**
 * An HTTPS receiver as a process of its own: answers at once, and tells of each request the value that fired and when it
 * had arrived as a whole.
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { sharedNowMs } from './shared-clock.js';

/** What arrived is told in lots, so that telling takes no time of what arrives. */
const TELL_MS = 50;

const { certPem, keyPem } = JSON.parse(process.argv[2]!) as { certPem: string; keyPem: string };
let arrivals: [value: number, atMs: number][] = [];
const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text: string) => (body += text));
  request.once('end', () => {
    arrivals.push([Number(/"value":(\d+)/.exec(body)?.[1]), sharedNowMs()]);
    response.writeHead(204).end();
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send!(`127.0.0.1:${(server.address() as AddressInfo).port}`);
setInterval(() => {
  if (arrivals.length > 0) process.send!(arrivals);
  arrivals = [];
}, TELL_MS);
process.once('disconnect', () => process.exit());
