/** Receivers for the senders' spec: one HTTPS server on loopback, each path an endpoint that behaves as it is told. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Authority } from '../../dev/certificates.js';
import { startHttpsTarget, type HttpsTarget } from './https-target.js';

export interface ReceivedDelivery {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A status to answer, an answer, or what to do instead; `hang` answers when `release` is called. */
export type ReceiverBehaviour =
  'hang' | 'close' | number | { status: number; headers?: Record<string, string>; body?: string | Buffer };

export class DeliveryReceiver {
  readonly received: ReceivedDelivery[] = [];
  /** The most requests that were open at once, of each path. */
  readonly mostAtOnce = new Map<string, number>();
  private readonly open = new Map<string, number>();
  private readonly behaviours = new Map<string, ReceiverBehaviour | ReceiverBehaviour[]>();
  private hanging: { path: string; response: ServerResponse }[] = [];
  private waiters: (() => void)[] = [];
  private server!: HttpsTarget;

  static async start(authority: Authority): Promise<DeliveryReceiver> {
    const receiver = new DeliveryReceiver();
    receiver.server = await startHttpsTarget(authority, (request, response) => {
      void text(request).then((body) =>
        receiver.take({ path: request.url!, headers: request.headers, body }, response),
      );
    });
    return receiver;
  }

  url(path: string): string {
    return this.server.url(path);
  }

  /** From now on; of a list one after the other, the last for ever. 200 unless told. */
  behave(path: string, behaviour: ReceiverBehaviour | ReceiverBehaviour[]): void {
    this.behaviours.set(path, behaviour);
  }

  at(path: string): ReceivedDelivery[] {
    return this.received.filter((one) => one.path === path);
  }

  /** How many requests of this delivery arrived. */
  countOf(deliveryId: string): number {
    return this.received.filter(({ headers }) => headers['x-webhook-delivery'] === deliveryId).length;
  }

  /** Resolves as soon as the condition holds; it is looked at after each request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  /** Answers the requests that hang, and those to come. */
  release(path: string, status = 200): void {
    this.behaviours.set(path, status);
    for (const { path: of, response } of this.hanging) if (of === path) response.writeHead(status).end();
    this.hanging = this.hanging.filter((one) => one.path !== path);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  private take(delivery: ReceivedDelivery, response: ServerResponse): void {
    const { path } = delivery;
    this.received.push(delivery);
    this.count(path, 1);
    response.once('close', () => this.count(path, -1));
    const behaviour = this.behaviourOf(path);
    if (behaviour === 'close') response.socket!.destroy();
    else if (behaviour === 'hang') this.hanging.push({ path, response });
    else if (typeof behaviour === 'number') response.writeHead(behaviour, { location: '/elsewhere' }).end();
    else response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body);
    this.waiters.splice(0).forEach((waiter) => waiter());
  }

  private count(path: string, change: number): void {
    const now = (this.open.get(path) ?? 0) + change;
    this.open.set(path, now);
    this.mostAtOnce.set(path, Math.max(now, this.mostAtOnce.get(path) ?? 0));
  }

  private behaviourOf(path: string): ReceiverBehaviour {
    const behaviour = this.behaviours.get(path) ?? 200;
    if (!Array.isArray(behaviour)) return behaviour;
    return behaviour.length > 1 ? behaviour.shift()! : behaviour[0]!;
  }
}
