import type { TLSSocket } from 'node:tls';
import { RecentMap } from '../core/recent-map.js';

/** Origins whose sessions are remembered: one to three kilobytes each as a rule, and Node hands over none above ten. */
const SESSIONS_MAX = 5_000;
/**
 * A resumed connection shows no certificate, so that one which was replaced, revoked or has ended would not be noticed. It
 * is looked at again when the last look is so long ago, however often the session was resumed and renewed since.
 */
const VERIFIED_FOR_MS = 5 * 60_000;

/** What a later connection to the same origin can begin with, in place of a whole TLS handshake. */
export interface TlsSession {
  /** For node:tls. */
  session: Buffer;
  /** When the certificate that it rests upon was verified. */
  verifiedMs: number;
}

/**
 * The last TLS session of each origin. Node checks neither authority nor name where a session is resumed: so none is
 * kept but of a connection whose certificate was verified, and none may be used but for the very host name and port
 * that it was verified for, and with the same secure context.
 */
export class TlsSessions {
  private readonly sessions = new RecentMap<string, TlsSession>(SESSIONS_MAX);

  /** `now` is a clock that never steps, in ms. */
  constructor(private readonly now: () => number) {}

  /** What may be resumed; undefined where there is nothing, or nothing verified lately. */
  of(origin: string): TlsSession | undefined {
    const known = this.sessions.get(origin);
    return known && this.now() - known.verifiedMs < VERIFIED_FOR_MS ? known : undefined;
  }

  /** Keeps what the origin lets be resumed. `offered` is what the socket, whose TLS has yet to begin, began with. */
  learn(origin: string, socket: TLSSocket, offered: TlsSession | undefined): void {
    let verifiedMs: number | undefined;
    socket.once('secureConnect', () => {
      if (socket.authorized) verifiedMs = socket.isSessionReused() ? offered?.verifiedMs : this.now();
    });
    // The first alone: a server may send as many as it likes, and all rest upon the same certificate.
    const listen = () =>
      socket.once('session', (session: Buffer) => {
        if (verifiedMs !== undefined) this.sessions.set(origin, { session, verifiedMs });
      });
    // Node forgets who listens for sessions when it goes on to a host's next address.
    if (socket.connecting) socket.once('connect', listen);
    else listen();
  }

  /** The next connection makes a whole handshake. */
  forget(origin: string): void {
    this.sessions.delete(origin);
  }
}
