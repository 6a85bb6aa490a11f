/** An operator's HTTP proxy on loopback: writes down each CONNECT, and leads it to a server of the test or misbehaves. */
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Authority } from '../../dev/certificates.js';

/** A port of loopback to lead to, a status to refuse with, or bytes to answer; 'silent' never answers. */
export type ProxyBehaviour = number | { refuses: number } | { says: string } | 'silent' | 'closes';

export interface Connect {
  authority: string;
  headers: IncomingHttpHeaders;
}

export class EgressProxy {
  readonly connects: Connect[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly scheme: string,
    private readonly behave: (authority: string) => ProxyBehaviour,
  ) {}

  /** Over TLS when `authority` is given; its certificate is for `localhost`. */
  static async start(
    behave: (authority: string) => ProxyBehaviour,
    { authority }: { authority?: Authority } = {},
  ): Promise<EgressProxy> {
    const certificate = await authority?.issue(['localhost']);
    const server = certificate
      ? createHttpsServer({ cert: certificate.certPem, key: certificate.keyPem })
      : createHttpServer();
    const proxy = new EgressProxy(server, certificate ? 'https' : 'http', behave);
    server.on('connection', (socket: Socket) => proxy.keep(socket));
    server.on('connect', (request, socket: Socket) => {
      proxy.connects.push({ authority: request.url!, headers: request.headers });
      proxy.answer(
        request.url!,
        socket.on('error', () => socket.destroy()),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  /** `credentials` as they stand in a URL. */
  url(credentials?: string): string {
    const { port } = this.server.address() as AddressInfo;
    return `${this.scheme}://${credentials === undefined ? '' : `${credentials}@`}localhost:${port}`;
  }

  /** Connections to the proxy that are open now. */
  get openConnections(): number {
    return this.sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => this.sockets.delete(socket));
  }

  private answer(authority: string, socket: Socket): void {
    const behaviour = this.behave(authority);
    if (typeof behaviour === 'number') return lead(socket, behaviour);
    if (behaviour === 'closes') return void socket.destroy();
    // Only what is read is seen to end.
    socket.on('end', () => socket.destroy()).resume();
    if (behaviour === 'silent') return;
    socket.write(
      'says' in behaviour ? behaviour.says : `HTTP/1.1 ${behaviour.refuses} No\r\nContent-Length: 0\r\n\r\n`,
    );
  }
}

function lead(socket: Socket, port: number): void {
  const target = connect(port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    target.pipe(socket).pipe(target);
  });
  target.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  socket.on('close', () => target.destroy());
}
