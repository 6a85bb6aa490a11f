import { once } from 'node:events';
import type { Socket } from 'node:net';
import { FrameSplitter } from './frame-splitter.js';

type Answer = (request: Buffer, client: { host: string; closed: AbortSignal }) => Promise<Buffer[] | undefined>;

/**
 * One client's connection. As in Kafka, a request is read only when the one before it has been answered, so that
 * answers keep the order of the requests and a client that sends too much is slowed down by TCP.
 */
export class Connection {
  readonly #closed = new AbortController();

  constructor(
    private readonly socket: Socket,
    private readonly maxRequestBytes: number,
  ) {
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // A lost connection; "close" follows.
    socket.on('close', () => this.#closed.abort());
  }

  /** Serves the connection until it ends. Rejects with what `answer` threw; the connection is closed then as well. */
  async serve(answer: Answer): Promise<void> {
    const client = { host: this.socket.remoteAddress ?? '', closed: this.#closed.signal };
    const splitter = new FrameSplitter(this.maxRequestBytes);
    try {
      for await (const chunk of this.socket) {
        for (const request of splitter.push(chunk as Buffer)) {
          const response = await answer(request, client);
          if (this.#closed.signal.aborted) return;
          if (response !== undefined) await this.#send(response);
        }
      }
    } catch (error) {
      if (!this.#closed.signal.aborted) throw error; // Otherwise: the stream says that it was closed.
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#closed.abort();
    this.socket.destroy();
  }

  async #send(chunks: Buffer[]): Promise<void> {
    this.socket.cork();
    const isTaken = chunks.map((chunk) => this.socket.write(chunk)).every(Boolean);
    this.socket.uncork();
    if (!isTaken) await once(this.socket, 'drain', { signal: this.#closed.signal });
  }
}
