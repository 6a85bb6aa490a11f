/** What would notice a request that should not be: listeners on loopback, and a record of whatever is dialled. */
import { once } from 'node:events';
import { createServer, isIP, Socket, type AddressInfo, type Server } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Dial } from '../../src/target/guarded-connector.js';

/** `::ffff:127.0.0.1` arrives at the first one; systems without IPv6 have no `::1`. */
const CANARY_ADDRESSES = ['127.0.0.1', '127.0.0.2', '127.8.8.8', '::1'];

/** Listeners on several loopback addresses, all at one port, that count who comes. */
export class Canaries {
  /** The address of each connection. */
  readonly connections: string[] = [];
  private readonly servers: Server[] = [];
  port = 0;
  /** Where they are reached, each as `address port`. */
  readonly places: string[] = [];

  static async start(): Promise<Canaries> {
    const canaries = new Canaries();
    for (const address of CANARY_ADDRESSES) await canaries.listen(address);
    canaries.places.push(`::ffff:7f00:1 ${canaries.port}`);
    return canaries;
  }

  stop(): void {
    for (const server of this.servers) server.close();
  }

  private async listen(address: string): Promise<void> {
    const server = createServer((socket) => {
      this.connections.push(address);
      socket.destroy();
    });
    server.listen(this.port, address);
    try {
      await once(server, 'listening');
    } catch (error) {
      if (address.includes(':')) return;
      throw error;
    }
    this.servers.push(server);
    this.port = (server.address() as AddressInfo).port;
    this.places.push(`${address} ${this.port}`);
  }
}

/**
 * Connects to loopback alone; to all else, and to addresses that only the system takes for loopback (`0.0.0.0`, `::`),
 * a connection is refused without anything being sent.
 */
export class RecordingDial {
  /** `address port` of whatever would have been connected to. */
  readonly dialled: string[] = [];

  readonly dial: Dial = (options) => {
    const addresses = addressesOf(options);
    this.dialled.push(...addresses.map((address) => `${address} ${options.port}`));
    if (addresses.every((address) => /^127\.|^::1$|^::ffff:7f/.test(address))) return connectTls(options);
    const socket = new TLSSocket(new Socket());
    setImmediate(() => socket.destroy(Object.assign(new Error('Only recorded'), { code: 'ECONNREFUSED' })));
    return socket;
  };
}

function addressesOf({ host = '', lookup }: Parameters<Dial>[0]): string[] {
  if (isIP(host)) return [host];
  const found: string[] = [];
  lookup!(host, { all: true }, (_error, addresses) => {
    for (const { address } of addresses as { address: string }[]) found.push(address);
  });
  return found;
}
