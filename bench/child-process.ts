import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program of the benches in a process of its own; `told` is the first thing that it says. */
export interface Child<Told> {
  process: ChildProcess;
  told: Told;
  /** Resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts a built file of `bench/`, by its path from there. Rejects when it ends before it has said anything. */
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
