/** A way to a server that a test can make slow, silent or impassable, without the server's knowing. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  private delayMs = 0;
  private silence: { over: Promise<void>; end: () => void } | undefined;
  private lookout: ((bytes: Buffer) => void) | undefined;

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {}

  /** A proxy on a port of its own, to a port of 127.0.0.1. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    const proxy = new TcpProxy(server, targetPort);
    server.on('connection', (socket) => proxy.pass(socket));
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends all connections, and each new one at once, until `heal`. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Takes connections and bytes, and passes nothing on, until `heal`. What was taken meanwhile is passed on then. */
  freeze(): void {
    if (this.silence) return;
    let end = () => undefined as void;
    const over = new Promise<void>((resolve) => (end = resolve));
    this.silence = { over, end };
  }

  /** Freezes at the first bytes on their way to the server that these words are all in; resolves when it did. */
  freezeAt(...words: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      this.lookout = (bytes) => {
        if (!words.every((word) => bytes.includes(word))) return;
        this.lookout = undefined;
        this.freeze();
        resolve();
      };
    });
  }

  /** From now on what is passed on comes so much later, in both directions. */
  slow(delayMs: number): void {
    this.delayMs = delayMs;
  }

  heal(): void {
    this.isCut = false;
    this.delayMs = 0;
    this.lookout = undefined;
    this.silence?.end();
    this.silence = undefined;
  }

  async stop(): Promise<void> {
    this.heal();
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private pass(near: Socket): void {
    if (this.isCut) return void near.destroy();
    const far = connect(this.targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      void this.forward(socket, other, socket === near);
    }
  }

  private async forward(from: Socket, to: Socket, isOutward: boolean): Promise<void> {
    try {
      for await (const bytes of from) {
        if (isOutward) this.lookout?.(bytes as Buffer);
        if (this.delayMs > 0) await sleep(this.delayMs);
        await this.silence?.over;
        if (!to.write(bytes as Buffer)) await once(to, 'drain');
      }
      to.end();
    } catch {
      to.destroy();
    }
  }
}
