import { readFile } from 'node:fs/promises';

/** What the sign-in page may fill in: on an embedded start the developer's token, and the demo's parts where there is one. */
export interface ConsoleSignIn {
  embedded: {
    token: string;
    license: string;
    demo: { vehicles: readonly string[]; target: { url: string; verificationToken: string } } | null;
  } | null;
}

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/**
 * Reads the file anew for each request: whoever starts the product may write it later. A file that is not there says
 * nothing. Neither does one to a page whose name only leads to this machine: a tunnel, or a name of someone else that was
 * made to (DNS rebinding). Throws on a file that is no JSON.
 */
export async function readConsoleSignIn(
  file: string | undefined,
  hostname: string | undefined,
): Promise<ConsoleSignIn> {
  if (file === undefined || !LOOPBACK_NAME.test(hostname ?? '')) return { embedded: null };
  try {
    return { embedded: JSON.parse(await readFile(file, 'utf8')) as ConsoleSignIn['embedded'] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { embedded: null };
    throw error;
  }
}
