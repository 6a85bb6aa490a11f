/** The process of a server that a test starts, kills and starts again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './product.js';

/** Waits until its input ends, which it does with whoever started it, however that ended. */
const WATCHER = 'read _; kill -s "$1" "$2"';
const RESPAWN_PAUSE_MS = 500;

export interface ChildOptions {
  spawn(): ChildProcess;
  /** Whether it does its work; may throw. */
  answers(): Promise<boolean>;
  /** What the test ends with when it never does. */
  what: string;
  patienceMs: number;
  /** How it is ended when the test is gone. */
  lastSignal: NodeJS.Signals;
}

export class OwnChild {
  private child: ChildProcess | undefined;

  constructor(private readonly options: ChildOptions) {}

  /** Whether it ended, asked or not. */
  get hasEnded(): boolean {
    return !this.child || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves when it answers. One that ends before is spawned again: its port or its lock may be taken for a moment. */
  async start(): Promise<void> {
    const { what, patienceMs } = this.options;
    this.spawn();
    const isUp = async () => {
      if (this.hasEnded) {
        await sleep(RESPAWN_PAUSE_MS);
        this.spawn();
      }
      return (await this.options.answers()) && !this.hasEnded;
    };
    await eventually(isUp, what, patienceMs);
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Resolves when it is gone. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || this.hasEnded) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  private spawn(): void {
    const child = this.options.spawn();
    this.child = child;
    if (child.pid === undefined) return;
    const watcher = spawn('/bin/sh', ['-c', WATCHER, 'watcher', this.options.lastSignal.slice(3), String(child.pid)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    child.once('exit', () => watcher.kill('SIGKILL'));
  }
}
