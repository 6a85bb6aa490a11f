/** An HTTPS endpoint as a license holder runs one: answers the handshake, keeps what arrives, misbehaves on demand. */
import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Authority, createAuthority } from '../../dev/certificates.js';
import { eventually } from './product.js';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The parsed body. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  event: { id: string; subject: string; data: Record<string, any>; [attribute: string]: unknown };
}

export type Behaviour = (request: Received, response: ServerResponse) => void;

export const VERIFICATION_TOKEN = 'token-of-the-receiver';

/** What the receiver's certificate is for. */
export const OWN_HOSTS = ['127.0.0.1', 'localhost'];

/** An answer with a status, and headers if need be. */
export const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(code, headers).end();

export class Receiver {
  readonly received: Received[] = [];
  readonly handshakes: string[] = [];
  private readonly behaviours = new Map<string, Behaviour>();

  private constructor(
    private readonly server: Server,
    private readonly authority: Authority,
    /** PEM of the authority that signed the receiver's certificate: for NODE_EXTRA_CA_CERTS. */
    readonly authorityPem: string,
  ) {}

  static async start(): Promise<Receiver> {
    const authority = await createAuthority();
    const { certPem, keyPem } = await authority.issue(OWN_HOSTS);
    const server = createServer({ cert: certPem, key: keyPem });
    const receiver = new Receiver(server, authority, authority.caPem);
    server.on('request', (request, response) => void receiver.answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  url(path = '/hook'): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** How deliveries to a path are answered from now on; 200 by default. The handshake is always answered. */
  behave(path: string, behaviour: Behaviour): void {
    this.behaviours.set(path, behaviour);
  }

  /** Records every delivery to a path, and answers the first with the first of these, and so on; the last one stays. */
  play(path: string, ...steps: readonly ((response: ServerResponse) => void)[]): void {
    let played = 0;
    this.behave(path, (request, response) => {
      this.received.push(request);
      steps[Math.min(played++, steps.length - 1)]!(response);
    });
  }

  /** From now on new connections meet a certificate for these hosts; those that are there are closed. */
  async impersonate(hosts: readonly string[]): Promise<void> {
    const { certPem, keyPem } = await this.authority.issue([...hosts]);
    this.server.setSecureContext({ cert: certPem, key: keyPem });
    this.server.closeAllConnections();
  }

  at(path: string): Received[] {
    return this.received.filter((request) => request.path === path);
  }

  /** Waits until a path has received this many deliveries, and gives them. */
  async arrived(path: string, count: number, timeoutMs?: number): Promise<Received[]> {
    await eventually(() => this.at(path).length >= count, `${count} deliveries at ${path}`, timeoutMs);
    return this.at(path);
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const path = request.url ?? '/';
    if (body === '{"verification": "test"}') {
      this.handshakes.push(path);
      response.end(VERIFICATION_TOKEN);
      return;
    }
    const received = { path, headers: request.headers, body, event: JSON.parse(body) as Received['event'] };
    const behaviour = this.behaviours.get(path);
    if (behaviour) return behaviour(received, response);
    this.received.push(received);
    response.end('ok');
  }
}
