/**
 * An HTTPS receiver as a process of its own: answers at once, except below `/hang/`, where it never does. Tells its address,
 * then of each request its `webhook-id` and when it had arrived as a whole.
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { sharedNowMs } from './shared-clock.js';

/** What arrived is told in lots, so that telling takes no time of what arrives. */
const TELL_MS = 50;

const { certPem, keyPem } = JSON.parse(process.argv[2]!) as { certPem: string; keyPem: string };
let arrivals: [eventId: string, atMs: number][] = [];
const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
  request.resume().once('end', () => {
    arrivals.push([String(request.headers['webhook-id']), sharedNowMs()]);
    if (!request.url!.startsWith('/hang/')) response.writeHead(204).end();
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
