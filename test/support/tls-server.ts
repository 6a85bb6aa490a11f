/** A server that speaks TLS as it should and then whatever its test wants, byte for byte. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Certificate } from '../../dev/certificates.js';

export interface TlsServer {
  url(path?: string): string;
  /** TLS connections so far. */
  connections(): number;
  /** TCP connections that are open now. */
  open(): number;
  stop(): Promise<void>;
}

/** `answer` is called when the first bytes of a request have come; what it starts should end when the socket closes. */
export async function startTlsServer(
  { certPem, keyPem }: Certificate,
  answer: (socket: TLSSocket) => void,
  options: TlsOptions = {},
): Promise<TlsServer> {
  const server = createServer({ cert: certPem, key: keyPem, ...options }, (socket) => {
    connections++;
    socket.on('error', () => undefined).on('end', () => socket.destroy());
    socket.once('data', () => answer(socket));
  });
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: (path = '/') => `https://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    connections: () => connections,
    open: () => sockets.size,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Writes the same again and again, as fast as it is read, until the socket closes. */
export function flood(socket: Socket, text: string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(text));
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
}

/** Writes the same every few milliseconds until the socket closes. */
export function drip(socket: Socket, text: string, everyMs = 5): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.once('close', () => clearInterval(timer));
}
