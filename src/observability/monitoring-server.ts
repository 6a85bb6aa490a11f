import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health } from './health.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';

const REQUEST_TIMEOUT_MS = 10_000;

export interface MonitoringServerOptions {
  /** 0 takes a free one. */
  port: number;
  /** All interfaces without one. */
  host?: string;
  metrics: Metrics;
  health: Health;
  log: Log;
}

/**
 * What operators and orchestrators ask, on a port of its own that needs no token: `/health` answers 200 while the
 * process lives, `/ready` 200 or 503 with each check's result, `/metrics` Prometheus' text format.
 */
export class MonitoringServer {
  private readonly server: Server;

  constructor(private readonly options: MonitoringServerOptions) {
    this.server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        this.options.log.error({ err: error, path: request.url }, 'A monitoring request failed');
        if (response.headersSent) response.destroy();
        else send(response, 500, { ready: false });
      });
    });
  }

  /** Resolves to the port it listens on; throws when the port is taken. */
  async start(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.options.port, this.options.host, resolve);
    });
    const { port } = this.server.address() as AddressInfo;
    this.options.log.info({ port }, 'monitoring is listening');
    return port;
  }

  /** Closes the port and every connection to it. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, { message: 'Use GET' });
    if (path === '/health') return send(response, 200, { data: 'Server is up and running' });
    if (path === '/ready') {
      const report = await this.options.health.report();
      return send(response, report.ready ? 200 : 503, report);
    }
    if (path === '/metrics') {
      const text = await this.options.metrics.registry.metrics();
      response.writeHead(200, { 'content-type': this.options.metrics.registry.contentType }).end(text);
      return;
    }
    send(response, 404, { message: 'Known paths are /health, /ready and /metrics' });
  }
}

function send(response: ServerResponse, statusCode: number, body: object): void {
  response
    .writeHead(statusCode, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
}
