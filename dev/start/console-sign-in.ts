import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { keep } from '../kept-file.js';

/** Where the product finds what its console's sign-in fills in; the file is for its owner alone. */
export function signInFileOf(dataDir: string): string {
  return join(dataDir, 'console-sign-in.json');
}

/**
 * Leaves the developer's token for the console, and the demo's vehicles and target where there is a demo. Without a token
 * nothing is left, not even that of an earlier start.
 */
export function keepSignIn(
  dataDir: string,
  given: {
    license: string;
    developerToken: string | undefined;
    demo: { vehicles: readonly string[]; ownTarget: { url: string; verificationToken: string } } | undefined;
  },
): void {
  const { license, developerToken: token, demo } = given;
  const file = signInFileOf(dataDir);
  if (token === undefined) return rmSync(file, { force: true });
  keep(file, { token, license, demo: demo ? { vehicles: demo.vehicles, target: demo.ownTarget } : null });
}
