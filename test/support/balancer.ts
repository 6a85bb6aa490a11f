/** A small HTTP load balancer: asks `/ready`, takes turns among those that say yes, and repeats nothing that failed. */
import { once } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Product } from './product.js';

const LOOK_MS = 100;

export class Balancer {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly server = createServer((incoming, response) => this.pass(incoming, response));
  private ready: Product[] = [];
  private turn = 0;
  private readonly looks: NodeJS.Timeout;

  private constructor(private readonly backends: () => readonly Product[]) {
    this.looks = setInterval(() => void this.look(), LOOK_MS);
  }

  /** `backends` is asked at each look: processes come and go. Starts with those that are ready. */
  static async start(backends: () => readonly Product[]): Promise<Balancer> {
    const balancer = new Balancer(backends);
    balancer.server.listen(0, '127.0.0.1');
    await Promise.all([once(balancer.server, 'listening'), balancer.look()]);
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    clearInterval(this.looks);
    this.agent.destroy();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async look(): Promise<void> {
    const isReady = async (backend: Product) => {
      try {
        return (await fetch(`${backend.monitorUrl}/ready`, { signal: AbortSignal.timeout(1_000) })).status === 200;
      } catch {
        return false;
      }
    };
    const looked = await Promise.all(
      this.backends().map(async (backend) => ({ backend, yes: await isReady(backend) })),
    );
    this.ready = looked.filter(({ yes }) => yes).map(({ backend }) => backend);
  }

  private pass(incoming: IncomingMessage, response: ServerResponse): void {
    const backend = this.ready[this.turn++ % this.ready.length];
    const fail = (error?: Error) => {
      if (!response.headersSent) response.writeHead(502).end(error?.message ?? 'nobody is ready');
      else response.destroy();
    };
    if (!backend) return fail();
    const { method, url, headers } = incoming;
    const outgoing = request(
      backend.url + url,
      { method: method!, headers: without(headers, 'connection'), agent: this.agent },
      (answer) => {
        response.writeHead(answer.statusCode!, without(answer.headers, 'connection', 'keep-alive'));
        answer.pipe(response);
      },
    );
    outgoing.on('error', fail);
    incoming.pipe(outgoing);
  }
}

/** What is said of one connection is not passed on to the next. */
function without(headers: IncomingHttpHeaders, ...names: string[]): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
