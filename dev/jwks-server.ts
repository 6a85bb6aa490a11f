import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JWK } from 'jose';

export interface JwksServerOptions {
  /** 0, the default, takes a free one. */
  port?: number;
  /** Sees every request first; true when it answered. */
  intercept?: (response: ServerResponse) => boolean;
}

/** Serves a set of public keys at `/keys`, on the loopback interface alone. */
export class JwksServer {
  /** What is served now. */
  keys: readonly JWK[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** Throws when the port is taken. */
  static async start(options: JwksServerOptions = {}): Promise<JwksServer> {
    const server = createServer((request, response) => {
      if (options.intercept?.(response)) return;
      const isKeys = request.method === 'GET' && request.url === '/keys';
      const headers = { 'content-type': 'application/json' };
      if (isKeys) response.writeHead(200, headers).end(JSON.stringify({ keys: jwks.keys }));
      else response.writeHead(404, headers).end('{"message":"The keys are at GET /keys"}');
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    const jwks = new JwksServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`);
    return jwks;
  }

  /** Closes the port and every connection to it. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}
