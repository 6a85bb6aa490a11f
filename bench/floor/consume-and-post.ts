/**
 * As little as a program can do that tells a receiver of what it reads: each record from Kafka is parsed, one comparison is
 * made, and what meets it is posted over TLS, with the product's own client settings on both sides. No database, no
 * signature, no permission, no retry; what is under way when it dies is lost. Says when it has joined its group.
 */
import { Agent } from 'undici';
import { consumerSettings, runSettings } from '../../src/ingest/consumer-settings.js';
import { kafkaClient } from '../../src/ingest/kafka-client.js';
import { SOURCE_TIMES } from '../../src/ingest/source-options.js';
import { createLog } from '../../src/observability/log.js';
import { AGENT_OPTIONS } from '../../src/target/http-client.js';

/** What it is told to do. */
export interface ConsumeAndPost {
  brokers: string;
  topic: string;
  groupId: string;
  /** Values of the signal above this are posted. */
  above: number;
  origin: string;
  concurrency: number;
}

interface Report {
  subject: string;
  data: { signals: { name: string; timestamp: string; valueNumber: number }[] };
}

const SIGNAL = 'speed';
const COMMIT_MS = 1_000;

const { brokers, topic, groupId, above, origin, concurrency } = JSON.parse(process.argv[2]!) as ConsumeAndPost;
const agent = new Agent({ ...AGENT_OPTIONS, connections: concurrency });
const log = createLog('error', 'floor');
const consumer = kafkaClient({ brokers: [brokers], clientId: 'floor' }, log).consumer(
  consumerSettings(groupId, SOURCE_TIMES),
);
const nextOffsets = new Map<number, string>();
consumer.on('consumer.group_join', () => process.send!('joined'));
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await consumer.run({
  ...runSettings(),
  eachBatch: ({ batch }) => {
    for (const { value } of batch.messages) {
      const { subject, data } = JSON.parse(value!.toString()) as Report;
      for (const { name, timestamp, valueNumber } of data.signals) {
        if (name === SIGNAL && valueNumber > above) {
          post(JSON.stringify({ subject, data: { signal: { name, timestamp, value: valueNumber } } }));
        }
      }
    }
    nextOffsets.set(batch.partition, String(BigInt(batch.lastOffset()) + 1n));
    return Promise.resolve();
  },
});
setInterval(() => {
  const offsets = [...nextOffsets].map(([partition, offset]) => ({ topic, partition, offset }));
  if (offsets.length > 0) void consumer.commitOffsets(offsets);
}, COMMIT_MS);
process.once('disconnect', () => void consumer.disconnect().then(() => process.exit()));

function post(body: string): void {
  agent.dispatch(
    { origin, path: '/hook', method: 'POST', headers: { 'content-type': 'application/json' }, body },
    {
      onRequestStart: () => undefined,
      onResponseStart: () => undefined,
      onResponseData: () => undefined,
      onResponseEnd: () => undefined,
      onResponseError: (_controller, error) => log.error({ err: error }, 'a request failed'),
    },
  );
}
