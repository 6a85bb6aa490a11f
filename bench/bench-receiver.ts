import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../dev/certificates.js';

/** A receiver that answers at once, except below `/hang/`, where it never does. */
export interface BenchReceiver {
  /** `127.0.0.1:<port>`. */
  address: string;
  /** The certificate that a client has to trust. */
  caPem: string;
  stop(): Promise<void>;
}

/** `onArrival` gets the `webhook-id` of each request that has arrived as a whole. */
export async function startBenchReceiver(onArrival: (eventId: string) => void): Promise<BenchReceiver> {
  const authority = await createAuthority();
  const { certPem, keyPem } = await authority.issue(['127.0.0.1']);
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    request.resume().once('end', () => {
      onArrival(String(request.headers['webhook-id']));
      if (!request.url!.startsWith('/hang/')) response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPem: authority.caPem,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
