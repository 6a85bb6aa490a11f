import { ErrorCode } from '../error-code.js';
import { WireWriter } from '../wire-writer.js';
import { stored } from './stored.js';
import { type Handler, NOT_THROTTLED_MS, type Request } from './request.js';

/** CreateTopics, versions 2–4. Settings of a topic are read and not applied: the broker's hold for all topics. */
export const createTopics: Handler = (request) => {
  const { reader, cluster } = request;
  const topics = reader.array(() => {
    const name = reader.string();
    const partitionCount = reader.int32();
    reader.int16(); // The replication factor: whatever it says, there is one replica.
    const assignments = reader.array(() => ({ partition: reader.int32(), nodes: reader.array(() => reader.int32()) }));
    reader.array(() => ({ name: reader.string(), value: reader.nullableString() }));
    return { name, partitionCount: assignments.length || partitionCount };
  });
  reader.int32(); // The time-out.
  const isTrial = reader.boolean();
  const writer = new WireWriter().int32(NOT_THROTTLED_MS);
  return writer.array(topics, ({ name, partitionCount }) => {
    const count = partitionCount === -1 ? cluster.partitionsPerTopic : partitionCount;
    const create = () => cluster.topics[isTrial ? 'refusalToCreate' : 'create'](name, count);
    const error = request.injectedError ?? stored(create);
    writer.string(name).int16(error).nullableString(undefined);
  });
};

/** DeleteTopics, versions 1–3. The groups' offsets in the topic go with it. */
export const deleteTopics: Handler = ({ reader, cluster, injectedError }) => {
  const names = reader.array(() => reader.string());
  const writer = new WireWriter().int32(NOT_THROTTLED_MS);
  return writer.array(names, (name) => {
    const error = injectedError ?? stored(() => cluster.topics.delete(name));
    if (error === ErrorCode.none) cluster.groups.offsets.forgetTopic(name);
    writer.string(name).int16(error);
  });
};

/** CreatePartitions, versions 0–1: gives a topic more partitions. */
export const createPartitions: Handler = ({ reader, cluster, injectedError }) => {
  const topics = reader.array(() => {
    const grown = { name: reader.string(), partitionCount: reader.int32() };
    reader.nullableArray(() => reader.array(() => reader.int32())); // Which nodes: there is one.
    return grown;
  });
  reader.int32(); // The time-out.
  const isTrial = reader.boolean();
  const writer = new WireWriter().int32(NOT_THROTTLED_MS);
  return writer.array(topics, ({ name, partitionCount }) => {
    const grow = () => cluster.topics[isTrial ? 'refusalToGrow' : 'grow'](name, partitionCount);
    const error = injectedError ?? stored(grow);
    writer.string(name).int16(error).nullableString(undefined);
  });
};

const TO_THE_END = -1;
const NO_OFFSET = -1;

/** DeleteRecords, versions 0–1: deletes what lies before an offset. */
export const deleteRecords: Handler = (request) => {
  const { reader, cluster } = request;
  const topics = reader.array(() => ({
    topic: reader.string(),
    partitions: reader.array(() => ({ partition: reader.int32(), offset: reader.int64() })),
  }));
  const writer = new WireWriter().int32(NOT_THROTTLED_MS);
  return writer.array(topics, ({ topic, partitions }) => {
    writer.string(topic).array(partitions, ({ partition, offset }) => {
      const error = deleteBefore(request, { topic, partition, offset });
      writer
        .int32(partition)
        .int64(cluster.topics.log(topic, partition)?.startOffset ?? NO_OFFSET)
        .int16(error);
    });
  });
};

function deleteBefore(
  { cluster, injectedError }: Request,
  { topic, partition, offset }: { topic: string; partition: number; offset: number },
): number {
  const log = cluster.topics.log(topic, partition);
  if (injectedError !== undefined) return injectedError;
  if (log === undefined) return ErrorCode.unknownTopicOrPartition;
  return stored(() => {
    const isDeleted = log.deleteBefore(offset === TO_THE_END ? log.endOffset : offset);
    return isDeleted ? ErrorCode.none : ErrorCode.offsetOutOfRange;
  });
}

const TOPIC_RESOURCE = 2;
const DEFAULT_SETTING = 5;

/** DescribeConfigs, versions 1–2: the few settings that this broker has, the same for each topic. */
export const describeConfigs: Handler = ({ reader, cluster, injectedError }) => {
  const resources = reader.array(() => ({
    type: reader.int8(),
    name: reader.string(),
    settings: reader.nullableArray(() => reader.string()),
  }));
  const known = [
    { name: 'cleanup.policy', value: 'delete' },
    { name: 'max.message.bytes', value: String(cluster.maxBatchBytes) },
    { name: 'retention.bytes', value: String(cluster.retentionBytes) },
    { name: 'retention.ms', value: String(cluster.retentionMs) },
  ];
  const writer = new WireWriter().int32(NOT_THROTTLED_MS);
  return writer.array(resources, ({ type, name, settings }) => {
    const isMissing = type === TOPIC_RESOURCE && cluster.topics.get(name) === undefined;
    const error = injectedError ?? (isMissing ? ErrorCode.unknownTopicOrPartition : ErrorCode.none);
    writer.int16(error).nullableString(undefined).int8(type).string(name);
    const asked = known.filter((setting) => settings?.includes(setting.name) ?? true);
    writer.array(error === ErrorCode.none ? asked : [], (setting) => {
      writer.string(setting.name).string(setting.value);
      writer.boolean(true).int8(DEFAULT_SETTING).boolean(false); // Read-only, its source, not a secret.
      writer.array([], () => undefined); // Synonyms.
    });
  });
};
