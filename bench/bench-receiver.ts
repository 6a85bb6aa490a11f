import { createAuthority } from '../dev/certificates.js';
import { startChild } from './child-process.js';

/** A receiver that answers at once, except below `/hang/`, where it never does; a process of its own. */
export interface BenchReceiver {
  /** `127.0.0.1:<port>`. */
  address: string;
  /** The certificate that a client has to trust. */
  caPem: string;
  stop(): Promise<void>;
}

/**
 * `onArrival` gets the `webhook-id` of each request that has arrived as a whole, and when that was, by `sharedNowMs`; a
 * little later.
 */
export async function startBenchReceiver(onArrival: (eventId: string, atMs: number) => void): Promise<BenchReceiver> {
  const authority = await createAuthority();
  const receiver = await startChild<string>('hanging-receiver-process.js', {
    settings: await authority.issue(['127.0.0.1']),
  });
  receiver.process.on('message', (arrivals: [eventId: string, atMs: number][]) => {
    for (const [eventId, atMs] of arrivals) onArrival(eventId, atMs);
  });
  return { address: receiver.told, caPem: authority.caPem, stop: () => receiver.stop() };
}
