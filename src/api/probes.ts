import type { HandshakeResult } from '../target/handshake.js';
import type { QuotaStore } from '../store/quotas.js';
import type { ApiParts } from './api-parts.js';
import { quotaExceeded } from './problem.js';
import { requireOpenGate } from './stock-limits.js';

/** Each holds a request of its caller and a connection to a target for up to half a minute. */
const AT_ONCE_MAX = { handshakes: 20, tests: 2 } as const;

/**
 * Whatever makes us call a target while the caller waits. So that nobody takes us for a way to send traffic or to look
 * around, one license has few of them in a minute, all processes together, and fewer at once in each process.
 */
export class Probes {
  private readonly underWay = new Map<string, number>();

  constructor(
    private readonly parts: Pick<ApiParts, 'quotaBlocks' | 'handshake'> & { quotas: Pick<QuotaStore, 'of'> },
  ) {}

  /** Lets a target prove itself. Throws a 429 when it is not this license's turn, and when nobody can tell, nothing is sent. */
  prove(license: string, url: string, token: string): Promise<HandshakeResult> {
    return this.take('handshakes', license, () => this.parts.handshake.prove(url, token));
  }

  /** Sends a test event, on the same conditions. */
  test<T>(license: string, send: () => Promise<T>): Promise<T> {
    return this.take('tests', license, send);
  }

  private async take<T>(kind: keyof typeof AT_ONCE_MAX, license: string, call: () => Promise<T>): Promise<T> {
    const key = `${kind} ${license}`;
    const count = this.underWay.get(key) ?? 0;
    const most = AT_ONCE_MAX[kind];
    if (count >= most) {
      const detail = `${most} ${kind} of your license are under way already. Wait until one has ended.`;
      throw quotaExceeded({ kind: 'atOnce', name: kind, most, detail });
    }
    this.underWay.set(key, count + 1);
    try {
      await requireOpenGate(this.parts, license);
      const name = 'probesPerMinute';
      const spent = await this.parts.quotaBlocks.take(name, license);
      if (spent.kind === 'refused') throw quotaExceeded({ ...spent, kind: 'rate', name });
      return await call();
    } finally {
      const rest = this.underWay.get(key)! - 1;
      if (rest === 0) this.underWay.delete(key);
      else this.underWay.set(key, rest);
    }
  }
}
