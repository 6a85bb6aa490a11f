import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';

const LOWEST = 20_000;
const TRIES = 50;
const RANGE_FILE = '/proc/sys/net/ipv4/ip_local_port_range';

/**
 * A port of 127.0.0.1 that nobody uses at the moment. Where the kernel says which ports it gives out by itself, it is none
 * of these: a server that is restarted on it finds it free.
 */
export async function freePort(): Promise<number> {
  const end = firstEphemeral();
  for (let tries = 0; tries < TRIES && end > LOWEST + TRIES; tries++) {
    const port = await portIfFree(randomInt(LOWEST, end));
    if (port !== undefined) return port;
  }
  return (await portIfFree(0))!;
}

/** 0 where it is not known. */
function firstEphemeral(): number {
  try {
    return Number.parseInt(readFileSync(RANGE_FILE, 'utf8'), 10);
  } catch {
    return 0;
  }
}

async function portIfFree(wanted: number): Promise<number | undefined> {
  const server = createServer().listen(wanted, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return undefined;
  }
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
