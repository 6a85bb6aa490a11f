import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Certificate } from '../certificates.js';

const HANDSHAKE_BODY = '{"verification": "test"}';
const BODY_MAX_BYTES = 1024 * 1024;

/** A request that arrived: what was sent, and whether its signature was right. */
export interface Arrival {
  /** The path it was sent to. */
  path: string;
  /** `unknown` when the secret of the path is not known here. */
  signature: 'valid' | 'invalid' | 'unknown';
  body: Buffer;
  /** From 1; above it, an earlier attempt had failed. */
  attempt: number;
  receivedAtMs: number;
}

/**
 * An HTTPS endpoint on loopback that receives webhooks as a developer's would: answers the handshake with the token,
 * checks Standard Webhooks signatures with the library of that name before it reads anything, and refuses wrong ones.
 */
export class DemoReceiver {
  /** The secret of each path that is known. */
  readonly secrets = new Map<string, string>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** Throws when the port is taken; 0 takes a free one. */
  static async start(options: {
    port: number;
    certificate: Certificate;
    verificationToken: string;
    onArrival: (arrival: Arrival) => void;
  }): Promise<DemoReceiver> {
    const { certPem: cert, keyPem: key } = options.certificate;
    const server = createServer({ cert, key }, (request, response) => {
      receive(request, response).catch(() => response.destroy());
    });
    const receive = async (request: IncomingMessage, response: ServerResponse) => {
      const body = await bodyOf(request);
      if (request.method !== 'POST' || body === undefined) return end(response, body === undefined ? 413 : 405);
      if (body.toString() === HANDSHAKE_BODY) return end(response, 200, options.verificationToken);
      const path = request.url ?? '/';
      const signature = judge(request, body, receiver.secrets.get(path));
      const attempt = Number(request.headers['x-webhook-attempt'] ?? 1);
      options.onArrival({ path, signature, body, attempt, receivedAtMs: Date.now() });
      end(response, signature === 'invalid' ? 401 : 204);
    };
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
    });
    const receiver = new DemoReceiver(server, (server.address() as AddressInfo).port);
    return receiver;
  }

  urlOf(path: string): string {
    return `https://127.0.0.1:${this.port}${path}`;
  }

  /** Closes the port and every connection to it. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

function judge(request: IncomingMessage, body: Buffer, secret: string | undefined): Arrival['signature'] {
  if (secret === undefined) return 'unknown';
  try {
    new Webhook(secret).verify(body, request.headers as Record<string, string>, { jsonParse: false });
    return 'valid';
  } catch {
    return 'invalid';
  }
}

/** `undefined` when it is longer than anything we send. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length <= BODY_MAX_BYTES) parts.push(part);
  }
  return length <= BODY_MAX_BYTES ? Buffer.concat(parts) : undefined;
}

function end(response: ServerResponse, status: number, text?: string): void {
  response.writeHead(status, text === undefined ? {} : { 'content-type': 'text/plain' }).end(text);
}
