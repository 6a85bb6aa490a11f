/** An HTTPS server that answers the handshake as its path says: as it should, or in one of the wrong ways. */
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createAuthority, type Certificate } from '../../dev/certificates.js';

const MANY_HEADERS = Object.fromEntries(Array.from({ length: 60 }, (_, place) => [`x-header-${place}`, 'x']));

/** All targets of one spec file show the same: whoever trusts an authority has to read it. */
let shown: Promise<Certificate & { caPem: string }> | undefined;

async function newCertificate(): Promise<Certificate & { caPem: string }> {
  const authority = await createAuthority();
  return { ...(await authority.issue(['127.0.0.1'])), caPem: authority.caPem };
}

export class HandshakeTarget {
  /** The path of each request, in order. */
  readonly calls: string[] = [];
  /** What was posted, complete, but for handshakes. */
  readonly received: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];

  private constructor(
    private readonly server: Server,
    readonly authorityPem: string,
  ) {}

  static async start(): Promise<HandshakeTarget> {
    const { certPem, keyPem, caPem } = await (shown ??= newCertificate());
    const server = createServer({ cert: certPem, key: keyPem });
    const target = new HandshakeTarget(server, caPem);
    server.on('request', (request, response) => {
      const path = request.url ?? '/';
      target.calls.push(path);
      void text(request).then(
        (body) => {
          if (!body.startsWith('{"verification"')) target.received.push({ path, headers: request.headers, body });
        },
        () => undefined,
      );
      const [, kind = '', argument = ''] = path.split('/');
      if (kind === 'token') response.end(decodeURIComponent(argument));
      else if (kind === 'status') response.writeHead(Number(argument)).end('abc');
      else if (kind === 'redirect') response.writeHead(302, { location: target.url('/token/abc') }).end();
      else if (kind === 'flood') response.writeHead(200, MANY_HEADERS).end(Buffer.alloc(100_000, 0xff));
      else if (kind === 'large') response.end('x'.repeat(100_000));
      else response.end('the page of somebody else');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return target;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /**
   * `/token/<t>` answers t, `/status/<n>` that status, `/redirect`, `/large`, `/flood` in headers and bytes
   * that are no text, and anything else a foreign page.
   */
  url(path: string): string {
    return `https://127.0.0.1:${this.port}${path}`;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}
