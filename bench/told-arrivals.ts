import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { sharedNowMs } from './shared-clock.js';

/** What arrived is told in lots, so that telling takes no time of what arrives. */
const TELL_MS = 50;

/**
 * Makes this process an HTTPS receiver, with the certificate of its first argument, for as long as its parent is there. It
 * tells its address, then of each request what `handle` says of it and when that was.
 */
export async function tellArrivals<Mark>(
  handle: (request: IncomingMessage, response: ServerResponse, arrived: (mark: Mark) => void) => void,
): Promise<void> {
  const { certPem, keyPem } = JSON.parse(process.argv[2]!) as { certPem: string; keyPem: string };
  let arrivals: [mark: Mark, atMs: number][] = [];
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) =>
    handle(request, response, (mark) => arrivals.push([mark, sharedNowMs()])),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send!(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  setInterval(() => {
    if (arrivals.length > 0) process.send!(arrivals);
    arrivals = [];
  }, TELL_MS);
  process.once('disconnect', () => process.exit());
}
