import { isIP, isIPv6 } from 'node:net';
import type { TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, createSecureContext, rootCertificates } from 'node:tls';
import type { ConnectionOptions, SecureContext, TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import type { AddressGuard } from './address-guard.js';
import type { FailureReason } from './http-client.js';
import type { ResolveName } from './name-resolver.js';

/** For resolution, TCP and TLS together; a request's own time ends it earlier for that request. */
const CONNECT_TIMEOUT_MS = 10_000;
/** When a host has several addresses: how long one is tried before the next (Node's 250 ms gives up on far hosts). */
const NEXT_ADDRESS_MS = 2_000;
/** Of a name with more addresses, so many are tried; all are judged. */
const ADDRESSES_TRIED = 8;

/** A connection that did not come about, or a request that ran out of time. */
export class ConnectFailure extends Error {
  constructor(
    readonly reason: FailureReason,
    cause?: unknown,
  ) {
    super(`No connection: ${reason}`, { cause });
  }
}

/**
 * Makes the connections of undici's agent: resolves the name once, has each of its addresses judged, refuses it when
 * one of them is blocked, and hands exactly the judged addresses to the socket. The certificate is checked against the
 * name in the URL, against the address when the URL names one.
 */
export class GuardedConnector {
  private readonly connecting = new Set<TLSSocket>();
  private readonly guard: AddressGuard;
  private readonly resolve: ResolveName;
  private readonly secureContext: SecureContext | undefined;

  constructor({ guard, resolve, ca }: { guard: AddressGuard; resolve: ResolveName; ca?: string | string[] }) {
    this.guard = guard;
    this.resolve = resolve;
    // Made once: parsing all certificates for each connection would cost milliseconds.
    this.secureContext = ca === undefined ? undefined : createSecureContext({ ca: rootCertificates.concat(ca) });
  }

  /** undici's `connect` option. */
  readonly connect: buildConnector.connector = ({ hostname, port }, callback) => {
    this.open(hostname, Number(port) || 443).then(
      (socket) => callback(null, socket),
      (error: Error) => callback(error, null),
    );
  };

  /** Breaks off the connections that are being made. */
  close(): void {
    for (const socket of this.connecting) socket.destroy(new ConnectFailure('connection'));
  }

  private async open(hostname: string, port: number): Promise<TLSSocket> {
    const deadlineMs = performance.now() + CONNECT_TIMEOUT_MS;
    const addresses = isIP(hostname) ? [hostname] : await this.addressesOf(hostname);
    if (addresses.length === 0 || addresses.some((address) => this.guard.judge(address, port) === 'blocked')) {
      throw new ConnectFailure('blocked');
    }
    return this.openTo(hostname, addresses, port, Math.max(1, deadlineMs - performance.now()));
  }

  private async addressesOf(hostname: string): Promise<string[]> {
    try {
      return await this.resolve(hostname);
    } catch (error) {
      throw new ConnectFailure('dns', error);
    }
  }

  private openTo(hostname: string, addresses: string[], port: number, timeoutMs: number): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      let reason: FailureReason = 'connection';
      const socket = connectTls(this.socketOptions(hostname, addresses, port));
      this.connecting.add(socket);
      const timer = setTimeout(() => socket.destroy(new ConnectFailure('timeout')), timeoutMs);
      const settled = () => {
        clearTimeout(timer);
        this.connecting.delete(socket);
      };
      socket.once('connect', () => (reason = 'tls'));
      socket.once('secureConnect', () => {
        settled();
        resolve(socket);
      });
      // Stays for good: an error between this promise and undici's own listener must not end the process.
      socket.on('error', (error: NodeJS.ErrnoException) => {
        settled();
        const isCut = error.code === 'ECONNRESET' || error.code === 'EPIPE';
        reject(error instanceof ConnectFailure ? error : new ConnectFailure(isCut ? 'connection' : reason, error));
      });
    });
  }

  private socketOptions(hostname: string, addresses: string[], port: number): ConnectionOptions & TcpNetConnectOpts {
    const judged = addresses.slice(0, ADDRESSES_TRIED).map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
    return {
      host: hostname,
      port,
      servername: isIP(hostname) ? '' : hostname.replace(/\.$/, ''),
      // Never asks anybody: the answer was judged already.
      lookup: (_name, _options, answer) => answer(null, judged),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
      ALPNProtocols: ['http/1.1'],
      // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
      rejectUnauthorized: true,
      secureContext: this.secureContext,
      keepAlive: true,
      noDelay: true,
    };
  }
}
