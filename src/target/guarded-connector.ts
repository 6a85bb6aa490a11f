import { isIP, isIPv6 } from 'node:net';
import type { TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, createSecureContext, rootCertificates } from 'node:tls';
import type { ConnectionOptions, SecureContext, TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import type { Log } from '../observability/log.js';
import type { AddressGuard } from './address-guard.js';
import { ConnectFailure } from './connect-failure.js';
import type { FailureReason } from './http-client.js';
import type { ResolveName } from './name-resolver.js';
import { ProxyTunnel } from './proxy-tunnel.js';
import { TlsSessions, type TlsSession } from './tls-sessions.js';

/** For resolution, TCP and TLS together; a request's own time ends it earlier for that request. */
const CONNECT_TIMEOUT_MS = 10_000;
/** When a host has several addresses: how long one is tried before the next (Node's 250 ms gives up on far hosts). */
const NEXT_ADDRESS_MS = 2_000;
/** Of a name with more addresses, so many are tried; all are judged. */
const ADDRESSES_TRIED = 8;

/**
 * Bytes, TLS included, that may come between two requests: many times an answer's header fields and what is read of
 * its body. Without it, what is no field and no body (a status line, an extension of a chunk) could go on for the
 * request's whole time.
 */
const ANSWER_MAX_BYTES = 1024 * 1024;

/** How a connection is begun; the system connects to nothing but what its `lookup` answers. */
export type Dial = (options: ConnectionOptions & TcpNetConnectOpts) => TLSSocket;

export interface GuardedConnectorOptions {
  guard: AddressGuard;
  resolve: ResolveName;
  /** Certificates (PEM) to trust besides the built-in ones. */
  ca?: string | string[] | undefined;
  /** A proxy of the operator's that all connections go through; it is not judged itself. See `ProxyTunnel`. */
  proxyUrl?: string | undefined;
  /** Default: node:tls. */
  dial?: Dial | undefined;
  /** A clock that never steps, in ms: for how long TLS sessions are resumed. Default: performance.now. */
  now?: (() => number) | undefined;
  log: Log;
}

/** Where a connection leads, all of it judged. */
interface Destination {
  hostname: string;
  port: number;
  addresses: string[];
  deadlineMs: number;
}

const contexts = new Map<string, SecureContext>();

/** The built-in certificates are many, and slow to read: all clients that trust the same share what was read. */
function trusting(certificates: readonly string[]): SecureContext {
  const key = certificates.join('\n');
  const known = contexts.get(key) ?? createSecureContext({ ca: rootCertificates.concat(certificates) });
  contexts.set(key, known);
  return known;
}

/**
 * Makes the connections of undici's agent: resolves the name once, has each of its addresses judged, refuses it when
 * one of them is blocked, and hands exactly the judged addresses to the socket, or to the proxy. The certificate is
 * checked against the name in the URL, against the address when the URL names one; a connection soon after another of
 * the same name and port resumes its TLS session.
 */
export class GuardedConnector {
  private readonly connecting = new Set<TLSSocket>();
  private readonly guard: AddressGuard;
  private readonly resolve: ResolveName;
  private readonly secureContext: SecureContext;
  private readonly proxy: ProxyTunnel | undefined;
  private readonly dial: Dial;
  private readonly sessions: TlsSessions;

  constructor({ guard, resolve, ca, proxyUrl, dial = connectTls, log, ...options }: GuardedConnectorOptions) {
    this.guard = guard;
    this.resolve = resolve;
    this.dial = dial;
    this.sessions = new TlsSessions(options.now ?? (() => performance.now()));
    // Made once: parsing all certificates for each connection would cost milliseconds. Without any of our own it is what
    // each connection would make for itself.
    this.secureContext = ca === undefined ? createSecureContext() : trusting([ca].flat());
    const { secureContext } = this;
    this.proxy = proxyUrl === undefined ? undefined : new ProxyTunnel({ url: proxyUrl, secureContext, log });
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
    this.proxy?.close();
    for (const socket of this.connecting) socket.destroy(new ConnectFailure('connection'));
  }

  private async open(hostname: string, port: number): Promise<TLSSocket> {
    const deadlineMs = performance.now() + CONNECT_TIMEOUT_MS;
    const addresses = isIP(hostname) ? [hostname] : await this.addressesOf(hostname);
    if (addresses.length === 0 || addresses.some((address) => this.guard.judge(address, port) === 'blocked')) {
      throw new ConnectFailure('blocked');
    }
    return this.resumed({ hostname, port, addresses: addresses.slice(0, ADDRESSES_TRIED), deadlineMs });
  }

  /** By the session that is remembered, if there is one. A server that breaks off where one is offered is asked without. */
  private async resumed(destination: Destination): Promise<TLSSocket> {
    const origin = originOf(destination);
    const offered = this.sessions.of(origin);
    if (!offered) return this.connected(destination, undefined);
    try {
      return await this.connected(destination, offered);
    } catch (error) {
      this.sessions.forget(origin);
      if (!isHandshakeFailure(error)) throw error;
      return this.connected(destination, undefined);
    }
  }

  private async connected(destination: Destination, offered: TlsSession | undefined): Promise<TLSSocket> {
    const { hostname, port, addresses, deadlineMs } = destination;
    const options = { ...this.tlsOptions(hostname), session: offered?.session };
    const tunnel = await this.proxy?.open(addresses, port, deadlineMs);
    const socket = tunnel
      ? connectTls({ ...options, socket: tunnel })
      : this.dial({ ...options, ...tcpOptions(addresses, port) });
    // `tls.connect` passes neither on. A request would wait for the handshake's last bytes to be acknowledged: 40 ms.
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    this.sessions.learn(originOf(destination), socket, offered);
    return this.secured(socket, tunnel ? 'tls' : 'connection', deadlineMs);
  }

  private async addressesOf(hostname: string): Promise<string[]> {
    try {
      return await this.resolve(hostname);
    } catch (error) {
      throw new ConnectFailure('dns', error);
    }
  }

  /** `reason` is why it fails, if it does before the target is connected to. */
  private secured(socket: TLSSocket, reason: FailureReason, deadlineMs: number): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      this.connecting.add(socket);
      const timeoutMs = Math.max(1, deadlineMs - performance.now());
      const timer = setTimeout(() => socket.destroy(new ConnectFailure('timeout')), timeoutMs);
      const settled = () => {
        clearTimeout(timer);
        this.connecting.delete(socket);
      };
      socket.once('connect', () => (reason = 'tls'));
      socket.once('secureConnect', () => {
        settled();
        limitAnswers(socket);
        resolve(socket);
      });
      // Stays for good: an error between this promise and undici's own listener must not end the process.
      socket.on('error', (error: NodeJS.ErrnoException) => {
        settled();
        const why = isCut(error) ? 'connection' : reason;
        reject(error instanceof ConnectFailure ? error : new ConnectFailure(why, error));
      });
    });
  }

  private tlsOptions(hostname: string): ConnectionOptions {
    return {
      // The address of a URL without a name is what its certificate is checked against, also through a tunnel.
      host: hostname,
      servername: isIP(hostname) ? '' : hostname.replace(/\.$/, ''),
      ALPNProtocols: ['http/1.1'],
      // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
      rejectUnauthorized: true,
      secureContext: this.secureContext,
    };
  }
}

/** What the certificate is checked for. */
function originOf({ hostname, port }: Destination): string {
  return `${hostname}:${port}`;
}

/** Whether it was the target that did not go on with TLS; not what we broke off, nor one that was not reached. */
function isHandshakeFailure(error: unknown): boolean {
  return error instanceof ConnectFailure && (error.reason === 'tls' || isCut(error.cause));
}

function isCut(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

/** Closes the socket when an answer, whatever it consists of, is longer than any may be. */
function limitAnswers(socket: TLSSocket): void {
  let sent = 0;
  let receivedBefore = 0;
  socket.on('readable', () => {
    if (socket.bytesWritten !== sent) {
      sent = socket.bytesWritten;
      receivedBefore = socket.bytesRead;
    }
    if (socket.bytesRead - receivedBefore > ANSWER_MAX_BYTES) socket.destroy(new Error('The answer does not end'));
  });
}

function tcpOptions(addresses: string[], port: number): TcpNetConnectOpts {
  const judged = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return {
    port,
    // Never asks anybody: the answer was judged already.
    lookup: (_name, _options, answer) => answer(null, judged),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
  };
}
