import { DevelopmentStart } from './start/development-start.js';
import { PRODUCT_FILE } from './start/product.js';
import { readStartOptions, USAGE } from './start/start-options.js';

/** A process that was told to end once ends in order, and with this when it was told twice. */
const FORCED_EXIT_CODE = 130;

/** One Ctrl-C under npm arrives twice: from the terminal, and passed on by npm. */
const SAME_CTRL_C_MS = 1_000;

const print = (line: string): void => console.log(line);

// The terminal may be closed before everything is stopped.
process.stdout.on('error', () => undefined);

process.exit(await main());

async function main(): Promise<number> {
  const read = readStartOptions(process.argv.slice(2), process.env);
  if (read.kind === 'invalid') {
    console.error([...read.errors, '', USAGE].join('\n'));
    return 1;
  }
  const start = new DevelopmentStart({ options: read.options, env: process.env, productFile: PRODUCT_FILE, print });
  const told = whenToldToEnd();
  void told.then(() => start.stop());
  try {
    const { failed } = await start.run();
    const why = await Promise.race([told, failed]);
    if (why !== undefined) console.error(`\n${why}`);
    await start.stop();
    return why === undefined ? 0 : 1;
  } catch (error) {
    // Whatever failed because it was stopped in the middle of its start is no failure.
    const isTold = start.isStopping;
    await start.stop();
    if (isTold) return 0;
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** Resolves at the first signal; the next one ends this process at once, and what it holds ends with it. */
function whenToldToEnd(): Promise<undefined> {
  return new Promise((resolve) => {
    let toldAtMs: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (toldAtMs === undefined) {
          toldAtMs = performance.now();
          print('\nStopping. Once more to force it.');
          resolve(undefined);
        } else if (performance.now() - toldAtMs > SAME_CTRL_C_MS) {
          process.exit(FORCED_EXIT_CODE);
        }
      });
    }
  });
}
