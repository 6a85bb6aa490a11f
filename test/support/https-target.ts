/** HTTPS servers on loopback for specs of what goes out: plain handlers, own certificates, counted connections. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions, TLSSocket } from 'node:tls';
import type { Authority } from '../../dev/certificates.js';

export interface HttpsTarget {
  port: number;
  /** URL by address, or by another name of the certificate. */
  url(path?: string, host?: string): string;
  /** TLS connections so far. */
  connections(): number;
  /** Of these, those that resumed the session of an earlier one. */
  resumed(): number;
  stop(): Promise<void>;
}

export interface HttpsTargetOptions {
  /** What the certificate is for. */
  hosts?: string[];
  address?: string;
  port?: number;
  tls?: TlsOptions;
}

export async function startHttpsTarget(
  authority: Authority,
  handler: RequestListener,
  { hosts = ['127.0.0.1', 'localhost'], address = '127.0.0.1', port = 0, tls }: HttpsTargetOptions = {},
): Promise<HttpsTarget> {
  const { certPem, keyPem } = await authority.issue(hosts);
  const server = createServer({ cert: certPem, key: keyPem, ...tls }, handler);
  let connections = 0;
  let resumed = 0;
  server.on('secureConnection', (socket: TLSSocket) => {
    connections++;
    if (socket.isSessionReused()) resumed++;
  });
  server.listen(port, address);
  await once(server, 'listening');
  const listening = (server.address() as AddressInfo).port;
  return {
    port: listening,
    url: (path = '/', host = address) => `https://${host}:${listening}${path}`,
    connections: () => connections,
    resumed: () => resumed,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
