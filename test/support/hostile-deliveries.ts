/** Deliveries to targets that would never have passed the door, sent by the real sender from the real queue. */
import { randomBytes, randomUUID } from 'node:crypto';
import { builtInCatalog } from '../../src/core/catalog.js';
import { parseRetrySchedule } from '../../src/core/retry-schedule.js';
import { Sender } from '../../src/delivery/sender.js';
import { silentLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import type { TargetClient } from '../../src/target/http-client.js';
import { newSigningSecret, SecretBox } from '../../src/target/secret-box.js';
import { createTestDatabase } from './database.js';
import { QueueBench } from './queue-bench.js';
import { QueueLine } from './queue-line.js';

const LICENSE = '0xF26421509Efe92861a587482100c6d728aBf1CD0';

/** Makes one attempt at each URL, and gives the outcomes in the order of the URLs. */
export async function deliverTo(urls: readonly string[], client: TargetClient): Promise<(string | undefined)[]> {
  const server = await createTestDatabase();
  const bench = await QueueBench.open(server);
  const secrets = new SecretBox([randomBytes(32)]);
  const endpointIds = urls.map(() => randomUUID());
  for (const [index, url] of urls.entries()) {
    const id = endpointIds[index]!;
    await bench.addEndpoint({ id, license: LICENSE, url, secret: secrets.seal(newSigningSecret(), id) });
  }
  const deliveryIds = await bench.enqueue(endpointIds.map((endpointId) => ({ endpointId })));
  const line = new QueueLine(bench.queue);
  const sender = senderOf(line, client, secrets);
  await sender.start();
  try {
    await line.until(async () => (await bench.attempts()).length >= urls.length);
    const outcomes = new Map((await bench.attempts()).map(({ id, outcome }) => [id, outcome]));
    return deliveryIds.map((id) => outcomes.get(id));
  } finally {
    await sender.stop(0);
    await bench.close();
    await server.drop();
  }
}

function senderOf(line: QueueLine, client: TargetClient, secrets: SecretBox): Sender {
  const schedule = parseRetrySchedule('1h');
  if (schedule.kind === 'invalid') throw new Error(schedule.reason);
  return new Sender({
    queue: line.queue,
    client,
    secrets,
    bell: { listen: () => Promise.resolve(() => Promise.resolve()), ring: () => undefined },
    schedule: schedule.schedule,
    permissions: { check: (_license, vehicles) => Promise.resolve(vehicles.map(() => 'granted' as const)) },
    catalog: builtInCatalog,
    health: { warn: () => Promise.resolve(), giveUp: () => Promise.resolve(false) },
    revoke: () => Promise.resolve(),
    permissionCacheMs: 60_000,
    failureLimits: { hours: 120 },
    concurrency: 50,
    concurrencyPerEndpoint: 5,
    timeoutMs: 5_000,
    log: silentLog,
    metrics: new Metrics(),
    heartbeatMs: 100,
    scanMs: 20,
  });
}
