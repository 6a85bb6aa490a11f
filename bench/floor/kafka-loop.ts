/**
 * As little as a program can do that reads JSON from Kafka, with the product's own client, codec and settings: parses
 * each record and commits to Kafka, every second, how far it got. A process of its own, see `KafkaLoop`: it says how many
 * records it has parsed whenever it is asked.
 */
import { consumerSettings, runSettings } from '../../src/ingest/consumer-settings.js';
import { kafkaClient } from '../../src/ingest/kafka-client.js';
import { SOURCE_TIMES } from '../../src/ingest/source-options.js';
import { createLog } from '../../src/observability/log.js';

const COMMIT_MS = 1_000;

const [brokers, topic, groupId] = process.argv.slice(2) as [string, string, string];
const kafka = kafkaClient({ brokers: brokers.split(','), clientId: 'floor' }, createLog('error', 'floor'));
const consumer = kafka.consumer(consumerSettings(groupId, SOURCE_TIMES));
const nextOffsets = new Map<number, string>();
let records = 0;
let bytes = 0;

await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await consumer.run({
  ...runSettings(),
  eachBatch: ({ batch }) => {
    for (const { value } of batch.messages) {
      // Used for something, so that it cannot be left out.
      bytes += (JSON.parse(value!.toString()) as { subject: string }).subject.length;
    }
    records += batch.messages.length;
    nextOffsets.set(batch.partition, String(BigInt(batch.lastOffset()) + 1n));
    return Promise.resolve();
  },
});
const committing = setInterval(() => {
  const offsets = [...nextOffsets].map(([partition, offset]) => ({ topic, partition, offset }));
  if (offsets.length > 0) void consumer.commitOffsets(offsets);
}, COMMIT_MS);
process.on('message', () => process.send!({ records, bytes }));
for (const end of ['SIGTERM', 'disconnect']) {
  process.once(end, () => {
    clearInterval(committing);
    void consumer.disconnect().then(() => process.exit(0));
  });
}
