import { ErrorCode } from '../error-code.js';
import { WireWriter } from '../wire-writer.js';
import { type Handler, NOT_THROTTLED_MS, type Request } from './request.js';

const NO_OFFSET = -1;
const NO_TIME = -1;

interface PartitionAnswer {
  readonly partition: number;
  readonly error: number;
  readonly baseOffset: number;
  readonly startOffset: number;
}

/** Produce, versions 3–7. Version 5 added the log's start offset. */
export const produce: Handler = (request) => {
  const { reader, version } = request;
  const isTransactional = reader.nullableString() !== undefined;
  const acks = reader.int16();
  reader.int32(); // The time-out for replicas, of which there are none.
  const refusal = refusalOf(request, isTransactional, acks);
  const topics = reader.array(() => {
    const topic = reader.string();
    return {
      topic,
      partitions: reader.array(() => ({ partition: reader.int32(), records: reader.nullableByteString() })),
    };
  });
  const answers = topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, records }) => append(request, { topic, partition, records, refusal })),
  }));
  if (acks === 0) return undefined;
  const writer = new WireWriter();
  writer.array(answers, ({ topic, partitions }) => {
    writer.string(topic).array(partitions, ({ partition, error, baseOffset, startOffset }) => {
      writer.int32(partition).int16(error).int64(baseOffset).int64(NO_TIME);
      if (version >= 5) writer.int64(startOffset);
    });
  });
  return writer.int32(NOT_THROTTLED_MS);
};

function refusalOf(request: Request, isTransactional: boolean, acks: number): number {
  if (request.injectedError !== undefined) return request.injectedError;
  if (isTransactional) return ErrorCode.invalidRequest;
  return acks >= -1 && acks <= 1 ? ErrorCode.none : ErrorCode.invalidRequiredAcks;
}

function append(
  { cluster }: Request,
  item: { topic: string; partition: number; records: Buffer | undefined; refusal: number },
): PartitionAnswer {
  const { topic, partition, records, refusal } = item;
  const failed = (error: number): PartitionAnswer => ({
    partition,
    error,
    baseOffset: NO_OFFSET,
    startOffset: NO_OFFSET,
  });
  if (refusal !== ErrorCode.none) return failed(refusal);
  if (cluster.autoCreateTopics) cluster.topics.create(topic, cluster.partitionsPerTopic);
  const log = cluster.topics.log(topic, partition);
  if (log === undefined) return failed(ErrorCode.unknownTopicOrPartition);
  if (records === undefined) return failed(ErrorCode.invalidRecord);
  const appended = log.append(records);
  if (appended.kind === 'refused') return failed(appended.error);
  return { partition, error: ErrorCode.none, baseOffset: appended.baseOffset, startOffset: log.startOffset };
}
