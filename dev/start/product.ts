import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../node-flags.js';
import { LogFile } from './log-file.js';
import { shownWarning } from './shown-warning.js';

const READY_PATIENCE_MS = 60_000;
const READY_POLL_MS = 50;

/** A little more than the product's own grace, see SHUTDOWN_GRACE_SECONDS in `product-environment.ts`. */
const STOP_PATIENCE_MS = 12_000;

/** Node can preload JavaScript only: under a test runner that compiles in memory it is the built file. */
const LEASH = new URL(import.meta.url.endsWith('.ts') ? '../../build/dev/leash.js' : '../leash.js', import.meta.url);

/**
 * The product as a child process that knows nothing of its surroundings but environment variables. It is in a process
 * group of its own, so that Ctrl-C reaches only us, who then stop things in order; and on a leash, so that it ends when we
 * are killed.
 */
export class Product {
  /** Resolves to a sentence about the end, with the last log lines, when the process has ended, asked or not. */
  readonly ended: Promise<string>;
  private hasEnded = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly log: LogFile,
    private readonly print: (line: string) => void,
  ) {
    const logs = [this.follow(child.stdout!), this.follow(child.stderr!)];
    this.ended = once(child, 'exit').then(async ([code, signal]) => {
      await Promise.all(logs);
      this.hasEnded = true;
      const how = signal ? `by ${String(signal)}` : `with exit code ${String(code)}`;
      return [`The product ended ${how}. Its last log lines (${log.path}):`, ...log.tail].join('\n  ');
    });
  }

  static spawn(options: {
    file: string;
    environment: NodeJS.ProcessEnv;
    logFile: string;
    print: (line: string) => void;
  }): Product {
    const child = spawn(process.execPath, [...NODE_FLAGS, '--import', LEASH.href, options.file], {
      env: options.environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    return new Product(child, new LogFile(options.logFile), options.print);
  }

  /** Resolves when `/ready` says so. Throws when the product has ended or is not ready within a minute. */
  async ready(monitoringUrl: string): Promise<void> {
    let answer = 'it does not answer';
    for (const until = Date.now() + READY_PATIENCE_MS; Date.now() < until; await sleep(READY_POLL_MS)) {
      if (this.hasEnded) throw new Error(await this.ended);
      try {
        const response = await fetch(`${monitoringUrl}/ready`);
        answer = await response.text();
        if (response.ok) return;
      } catch {
        // Not listening yet.
      }
    }
    throw new Error(`The product is not ready after ${READY_PATIENCE_MS / 1000} s: ${answer} (log: ${this.log.path})`);
  }

  /** Asks it to end; what has not ended after its grace is killed. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    this.child.kill('SIGTERM');
    const impatience = setTimeout(() => {
      this.print('The product does not end: killing it');
      this.child.kill('SIGKILL');
    }, STOP_PATIENCE_MS);
    await this.ended;
    clearTimeout(impatience);
  }

  private async follow(stream: NodeJS.ReadableStream): Promise<void> {
    for await (const line of createInterface({ input: stream })) {
      this.log.write(line);
      const warning = shownWarning(line);
      if (warning !== undefined) this.print(warning);
    }
  }
}

/** The built product's entry. */
export const PRODUCT_FILE = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/main.js' : '../../../dist/main.js', import.meta.url),
);
