import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '../build/dev/broker/broker.js';
import { EmbeddedPostgres } from '../build/dev/postgres/embedded-postgres.js';

/**
 * Starts what the specs run against, once for all of them, unless the environment names real ones: one PostgreSQL, in
 * which every spec file makes a database of its own, and one Kafka broker. Jest loads this file without its transforms,
 * so the parts come from build/.
 */
export default async function setUp() {
  const directory = mkdtempSync(join(tmpdir(), 'tripline-test-'));
  // As root, PostgreSQL runs as somebody else, who has to get in.
  chmodSync(directory, 0o755);
  const parts = { directory, stops: [] };
  globalThis.triplineTestParts = parts;

  process.env.TEST_DATABASE_URL = process.env.DATABASE_URL ?? (await startPostgres(parts));
  process.env.TEST_DATABASE_TEMPLATE = `tripline_template_${randomBytes(6).toString('hex')}`;
  process.env.TEST_KAFKA_BROKERS = process.env.KAFKA_BROKERS ?? (await startBroker(parts));
}

async function startPostgres({ directory, stops }) {
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: 300 };
  const postgres = await EmbeddedPostgres.start({ baseDir: join(directory, 'postgres'), settings });
  stops.push(() => postgres.stop());
  return postgres.url;
}

async function startBroker({ stops }) {
  const broker = await Broker.start({});
  stops.push(() => broker.stop());
  return broker.address;
}
