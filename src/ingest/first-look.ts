import type { Log } from '../observability/log.js';
import { KafkaAdmin } from './kafka-admin.js';
import { kafkaClient, type KafkaConnection } from './kafka-client.js';
import { refusalOf } from './refusal.js';
import { within } from './within.js';

/** Refusals come sooner than this. */
const LOOK_MS = 10_000;
const DISCONNECT_MS = 5_000;
/** Enough to come to the one broker of several that answers. */
const RETRIES = 2;

/**
 * Asks Kafka once for what every start asks it for. Throws with what to change when it refuses us; a Kafka that is away,
 * or has no such topics, is no reason to. Ends early when `over` resolves.
 */
export async function firstLook(
  connection: KafkaConnection,
  { groupId, topics, log, over }: { groupId: string; topics: readonly string[]; log: Log; over?: Promise<unknown> },
): Promise<void> {
  const admin = new KafkaAdmin(kafkaClient({ ...connection, retries: RETRIES }, log));
  const look = async () => {
    const missing = await admin.missing(topics);
    const known = topics.find((topic) => !missing.includes(topic));
    if (known !== undefined) await admin.committed(groupId, known);
  };
  let refused: Error | undefined;
  const looked = look().catch((error: unknown) => {
    const refusal = refusalOf(error);
    if (refusal) refused = new Error(refusal.text, { cause: error });
  });
  await within(LOOK_MS, Promise.race([looked, ...(over === undefined ? [] : [over])]));
  void within(DISCONNECT_MS, admin.close());
  if (refused) throw refused;
}
