import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { ids, type Binaries } from './binaries.js';
import { WAY_OUT, type Account } from './account.js';

/** How long a fast shutdown may take before an immediate one, which loses nothing but needs recovery at the next start. */
const FAST_SHUTDOWN_MS = 20_000;
const LOG_TAIL_CHARACTERS = 2_000;

/**
 * Descriptor 3 is a pipe whose other end this process has. It closes when this process ends, however it ends, and then
 * the server is asked for a fast shutdown. The shell, not the server, is our child: it lives as long as the server does.
 */
const SUPERVISOR = `
"$@" 3<&- & server=$!
(read _ <&3; kill -INT $server) 2>/dev/null & watcher=$!
wait $server; code=$?
kill $watcher 2>/dev/null
exit $code`;

/**
 * One PostgreSQL server process that cannot outlive this one. It is in a session of its own, so that Ctrl-C in a terminal
 * reaches only this process, which then decides about the order. It does not keep this process alive.
 */
export class SupervisedServer {
  /** Resolves to the last lines of the server's log when it has ended, asked or not. */
  readonly ended: Promise<string>;
  private tail = '';
  private hasEnded = false;

  private constructor(
    private readonly child: ChildProcess,
    log: (line: string) => void,
  ) {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.tail = (this.tail + text).slice(-LOG_TAIL_CHARACTERS);
      for (const line of text.trimEnd().split('\n')) log(line);
    });
    this.ended = once(child, 'close').then(() => {
      this.hasEnded = true;
      return this.tail.trim();
    });
    this.release();
  }

  /** Starts the server; it is not ready yet when this returns. `settings` are PostgreSQL's own, by their names. */
  static spawn(options: {
    binaries: Binaries;
    account: Account | undefined;
    dataDir: string;
    settings: Record<string, string | number>;
    log: (line: string) => void;
  }): SupervisedServer {
    const { binaries, account, dataDir } = options;
    const settings = Object.entries(options.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const command = [binaries.path('postgres'), '-D', dataDir, ...settings];
    const child = spawn('/bin/sh', ['-c', SUPERVISOR, 'tripline-postgres', ...command], {
      ...ids(account),
      env: binaries.environment,
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    return new SupervisedServer(child, options.log);
  }

  get isRunning(): boolean {
    return !this.hasEnded;
  }

  /** Fast shutdown: connections are cut, everything acknowledged is on disk. Resolves when the server is gone. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    this.hold();
    this.lifeline.destroy();
    const impatience = setTimeout(() => this.endAtOnce(), FAST_SHUTDOWN_MS);
    await this.ended;
    clearTimeout(impatience);
  }

  private get lifeline(): Socket {
    return this.child.stdio[3] as Socket;
  }

  private endAtOnce(): void {
    // The child leads its own process group: shell, watcher and server. Backends notice the end of their server.
    process.kill(-this.child.pid!, 'SIGQUIT');
  }

  private hold(): void {
    for (const handle of [this.child, this.child.stderr as Socket]) handle.ref();
  }

  private release(): void {
    for (const handle of [this.child, this.child.stderr as Socket, this.lifeline]) handle.unref();
  }
}

/** What to say when the server ended though nobody asked it to. */
export function endedUnexpectedly(lastLines: string): Error {
  return new Error(`The embedded PostgreSQL ended: ${lastLines || 'it wrote nothing'}. ${WAY_OUT}`);
}
