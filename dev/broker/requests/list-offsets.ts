import { ErrorCode } from '../error-code.js';
import { WireWriter } from '../wire-writer.js';
import { type Handler, NO_EPOCH, NOT_THROTTLED_MS, type Request } from './request.js';

/** The two "times" that ask for the ends of the log. */
const LATEST = -1;
const EARLIEST = -2;
const UNKNOWN = -1;

/** ListOffsets, versions 1–5. Version 2 added the isolation level and throttling, 4 the leader epoch. */
export const listOffsets: Handler = (request) => {
  const { reader, version } = request;
  reader.int32(); // The replica's id: consumers send -1.
  if (version >= 2) reader.int8(); // The isolation level.
  const readPartition = (): { partition: number; timeMs: number } => {
    const partition = reader.int32();
    if (version >= 4) reader.int32(); // The leader epoch that the client knows.
    return { partition, timeMs: reader.int64() };
  };
  const topics = reader.array(() => ({ topic: reader.string(), partitions: reader.array(readPartition) }));
  const writer = new WireWriter();
  if (version >= 2) writer.int32(NOT_THROTTLED_MS);
  return writer.array(topics, ({ topic, partitions }) => {
    writer.string(topic).array(partitions, ({ partition, timeMs }) => {
      const { error, timestampMs, offset } = find(request, topic, partition, timeMs);
      writer.int32(partition).int16(error).int64(timestampMs).int64(offset);
      if (version >= 4) writer.int32(NO_EPOCH);
    });
  });
};

function find(
  { cluster, injectedError }: Request,
  topic: string,
  partition: number,
  timeMs: number,
): { error: number; timestampMs: number; offset: number } {
  const log = cluster.topics.log(topic, partition);
  const error = injectedError ?? (log === undefined ? ErrorCode.unknownTopicOrPartition : ErrorCode.none);
  if (log === undefined || error !== ErrorCode.none) return { error, timestampMs: UNKNOWN, offset: UNKNOWN };
  if (timeMs === LATEST) return { error, timestampMs: UNKNOWN, offset: log.endOffset };
  if (timeMs === EARLIEST) return { error, timestampMs: UNKNOWN, offset: log.startOffset };
  const found = log.offsetSince(timeMs) ?? { timestampMs: UNKNOWN, offset: UNKNOWN };
  return { error, ...found };
}
