import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program of the benches in a process of its own; `told` is the first thing that it says. */
export interface Child<Told> {
  process: ChildProcess;
  told: Told;
  /** Resolves when it has ended. */
  stop(): Promise<void>;
}

const LEASH = new URL('../dev/leash.js', import.meta.url).href;

/**
 * Starts a built file of `bench/`, by its path from there. Rejects when it ends before it has said anything. It has to end
 * when it is disconnected: so it does not outlive us, however we end.
 */
export async function startChild<Told>(
  file: string,
  { settings = {}, environment = {} }: { settings?: object; environment?: NodeJS.ProcessEnv } = {},
): Promise<Child<Told>> {
  const child = fork(fileURLToPath(new URL(`./${file}`, import.meta.url)), [JSON.stringify(settings)], {
    env: { ...process.env, ...environment },
  });
  const ended = once(child, 'exit');
  const failed = ended.then(([code]) => {
    throw new Error(`${file} ended with code ${String(code)}`);
  });
  failed.catch(() => undefined); // It ends in any case.
  const [told] = (await Promise.race([once(child, 'message'), failed])) as [Told];
  return {
    process: child,
    told,
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/**
 * Starts the product, `dist/main.js`, with nothing but these environment variables and the path to programs. On a leash, see
 * there: it knows nothing of benches, and ends when we do, however that is. Node's flags are ours, as they are a floor's,
 * and `flags` besides. `output`: a file's descriptor, ours if not given.
 */
export function spawnProduct(
  environment: NodeJS.ProcessEnv,
  { output = 'inherit', flags = [] }: { output?: number | 'inherit'; flags?: readonly string[] | undefined } = {},
): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, ...flags, '--import', LEASH, 'dist/main.js'], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', output, 'inherit', 'ipc'],
  });
}

/** Asks a process to end as an operator would, and waits until it has. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Rejects when a process ends, with its exit code. */
export async function endOf(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`a process ended by itself with code ${code}`);
}
