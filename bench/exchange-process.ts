import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The process of the stub, see `exchange-stub.ts`. */
export class ExchangeProcess {
  private settings: object = {};

  private constructor(
    private readonly child: ChildProcess,
    readonly address: string,
  ) {}

  static async start(): Promise<ExchangeProcess> {
    const child = fork(fileURLToPath(new URL('./exchange-stub.js', import.meta.url)));
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new ExchangeProcess(child, `127.0.0.1:${port}`);
  }

  /** How it answers from now on. */
  async tell({ leastMs, mostMs }: { leastMs: number; mostMs: number }, isHanging: boolean): Promise<void> {
    this.settings = { leastMs, mostMs, isHanging };
    await this.seen();
  }

  /** Calls since the last time. */
  async seen(): Promise<{ calls: number; mostOpen: number }> {
    this.child.send(this.settings);
    return ((await once(this.child, 'message')) as [{ calls: number; mostOpen: number }])[0];
  }

  stop(): void {
    this.child.disconnect();
  }
}
