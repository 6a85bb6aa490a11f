import { connect as connectTcp, isIP, isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { Log } from '../observability/log.js';
import { ConnectFailure } from './connect-failure.js';

/** Of the proxy's answer to CONNECT; none that is meant well is longer. */
const ANSWER_HEAD_MAX_BYTES = 16 * 1024;
/** How long one of several addresses is waited for before the next: the proxy tries them, and does not say how far it is. */
const NEXT_ADDRESS_MS = 3_000;

/**
 * The operator's proxy, through which connections to targets go by CONNECT (RFC 9110, section 9.3.6). It is told the
 * judged address, never the name, so that the address checked is the address connected to. What is wrong with the proxy
 * is the operator's to know and goes to the log; whoever owns the target learns no more than `EPROXY`.
 */
export class ProxyTunnel {
  private readonly url: URL;
  private readonly authorization: string | undefined;
  private readonly opening = new Set<Socket>();
  private readonly secureContext: SecureContext | undefined;
  private readonly log: Log;
  private isClosed = false;

  /** `url` is `http://` or `https://`, with user name and password if the proxy wants them. */
  constructor({ url, secureContext, log }: { url: string; secureContext?: SecureContext | undefined; log: Log }) {
    this.url = new URL(url);
    const { username, password } = this.url;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.authorization = credentials === ':' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
    this.secureContext = secureContext;
    this.log = log;
  }

  /**
   * A connection to one of the addresses, in their order; bytes go through it as they are. Ends by `deadlineMs` (of
   * `performance.now`). Rejects with a ConnectFailure.
   */
  async open(addresses: readonly string[], port: number, deadlineMs: number): Promise<Socket> {
    let failure = new ConnectFailure('connection');
    for (const [index, address] of addresses.entries()) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0 || this.isClosed) break;
      const isLast = index === addresses.length - 1;
      const tunnel = await this.openTo(address, port, isLast ? leftMs : Math.min(NEXT_ADDRESS_MS, leftMs));
      if (tunnel.kind === 'open') return tunnel.socket;
      failure = tunnel.failure;
      if (tunnel.kind === 'broken') break;
    }
    throw failure;
  }

  /** Breaks off what is being opened. */
  close(): void {
    this.isClosed = true;
    for (const socket of this.opening) socket.destroy(new ConnectFailure('connection'));
  }

  private async openTo(address: string, port: number, timeoutMs: number): Promise<Tunnel> {
    const socket = this.connect();
    this.opening.add(socket);
    // Stays for good: an error at a time when nobody else listens must not end the process.
    socket.on('error', () => undefined);
    const timer = setTimeout(() => socket.destroy(new ConnectFailure('timeout')), timeoutMs);
    try {
      socket.write(this.request(isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`));
      const tunnel = this.judge(await statusOf(socket), socket);
      if (tunnel.kind !== 'open') socket.destroy();
      return tunnel;
    } catch (error) {
      socket.destroy();
      if (error instanceof ConnectFailure) return { kind: 'refused', failure: error };
      this.log.warn({ err: error }, 'the proxy to targets cannot be used');
      return { kind: 'broken', failure: proxyFailure() };
    } finally {
      clearTimeout(timer);
      this.opening.delete(socket);
    }
  }

  private connect(): Socket {
    const host = this.url.hostname.replace(/^\[|\]$/g, '');
    const isSecure = this.url.protocol === 'https:';
    const port = Number(this.url.port) || (isSecure ? 443 : 80);
    const options = { host, port, keepAlive: true, noDelay: true };
    if (!isSecure) return connectTcp(options);
    return connectTls({
      ...options,
      servername: isIP(host) ? '' : host,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: true,
      secureContext: this.secureContext,
    });
  }

  private request(authority: string): string {
    const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
    if (this.authorization !== undefined) lines.push(`Proxy-Authorization: ${this.authorization}`);
    return `${lines.join('\r\n')}\r\n\r\n`;
  }

  private judge(status: number, socket: Socket): Tunnel {
    if (status >= 200 && status < 300) return { kind: 'open', socket };
    // 5xx: the target cannot be reached, which is nothing that the operator could mend.
    if (status >= 500) {
      this.log.debug({ status }, 'the proxy did not get through to a target');
      return { kind: 'refused', failure: proxyFailure() };
    }
    const advice = status === 407 ? 'the proxy to targets wants other credentials' : 'the proxy to targets refuses';
    this.log.warn({ status }, advice);
    return { kind: status === 407 ? 'broken' : 'refused', failure: proxyFailure() };
  }
}

/** `refused`: another address may do; `broken`: no address will. */
type Tunnel = { kind: 'open'; socket: Socket } | { kind: 'refused' | 'broken'; failure: ConnectFailure };

function proxyFailure(): ConnectFailure {
  return new ConnectFailure('connection', Object.assign(new Error('The proxy refused'), { code: 'EPROXY' }));
}

/** The status that answers CONNECT. Leaves the socket paused behind the answer's head; rejects when that is no head. */
function statusOf(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let head = '';
    const settle = (end: () => void) => {
      socket.off('readable', read).off('close', onClose).off('error', reject);
      end();
    };
    const read = () => {
      for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null) {
        head += chunk.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(head)?.[1];
        // In a tunnel nobody speaks before we do.
        const isWhole = end >= 0 && (end + 4 === head.length || !status?.startsWith('2'));
        if (isWhole && status !== undefined) return settle(() => resolve(Number(status)));
        if (end >= 0 || head.length > ANSWER_HEAD_MAX_BYTES) {
          return settle(() => reject(new Error('The proxy answered CONNECT with something else than an HTTP status')));
        }
      }
    };
    const onClose = () => settle(() => reject(new Error('The proxy closed the connection')));
    socket.on('readable', read).on('close', onClose).on('error', reject);
  });
}
