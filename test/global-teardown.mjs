import { rmSync } from 'node:fs';
import pg from 'pg';

/** Stops what global-setup.mjs started, the last first, and removes what it left on a server of others. */
export default async function tearDown() {
  const { directory, stops } = globalThis.triplineTestParts;
  if (process.env.DATABASE_URL) await dropTemplate(process.env.DATABASE_URL);
  for (const stop of stops.reverse()) await stop();
  rmSync(directory, { recursive: true, force: true });
}

async function dropTemplate(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(`drop database if exists ${process.env.TEST_DATABASE_TEMPLATE} with (force)`);
  await client.end();
}
