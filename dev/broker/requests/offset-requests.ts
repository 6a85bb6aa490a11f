import { ErrorCode } from '../error-code.js';
import { WireWriter } from '../wire-writer.js';
import { stored } from './stored.js';
import { type Handler, NO_EPOCH, NOT_THROTTLED_MS, type Request } from './request.js';

const NO_OFFSET = -1;
/** Kafka's own limit (offset.metadata.max.bytes). */
const MAX_METADATA_BYTES = 4096;

/** OffsetCommit, versions 2–7. Version 5 dropped the retention time, 6 added the leader epoch, 7 the instance's id. */
export const offsetCommit: Handler = (request) => {
  const { reader, version, cluster } = request;
  const groupId = reader.string();
  const generation = reader.int32();
  const memberId = reader.string();
  if (version >= 7) reader.nullableString();
  if (version <= 4) reader.int64();
  const readPartition = (): { partition: number; offset: number; metadata: string } => {
    const partition = reader.int32();
    const offset = reader.int64();
    if (version >= 6) reader.int32();
    return { partition, offset, metadata: reader.nullableString() ?? '' };
  };
  const topics = reader.array(() => ({ topic: reader.string(), partitions: reader.array(readPartition) }));
  const refusal = commitRefusal(request, { groupId, memberId, generation });
  const writer = new WireWriter();
  if (version >= 3) writer.int32(NOT_THROTTLED_MS);
  return writer.array(topics, ({ topic, partitions }) => {
    writer.string(topic).array(partitions, ({ partition, offset, metadata }) => {
      let error = refusal;
      if (Buffer.byteLength(metadata) > MAX_METADATA_BYTES) error ||= ErrorCode.invalidRequest;
      if (cluster.topics.log(topic, partition) === undefined) error ||= ErrorCode.unknownTopicOrPartition;
      if (error === ErrorCode.none) {
        error = stored(() => cluster.groups.offsets.commit(groupId, topic, partition, { offset, metadata }));
      }
      writer.int32(partition).int16(error);
    });
  });
};

function commitRefusal(
  { cluster, injectedError }: Request,
  committer: { groupId: string; memberId: string; generation: number },
): number {
  if (injectedError !== undefined) return injectedError;
  const group = cluster.groups.open(committer.groupId);
  return typeof group === 'number' ? group : group.commitRefusal(committer.memberId, committer.generation);
}

/** OffsetFetch, versions 1–5. Since version 2 no list of topics means all of the group's partitions. */
export const offsetFetch: Handler = ({ reader, version, cluster, injectedError }) => {
  const groupId = reader.string();
  const { offsets } = cluster.groups;
  const asked = reader.nullableArray(() => ({
    topic: reader.string(),
    partitions: reader.array(() => reader.int32()),
  }));
  const error = injectedError ?? ErrorCode.none;
  const writer = new WireWriter();
  if (version >= 3) writer.int32(NOT_THROTTLED_MS);
  writer.array(asked ?? offsets.partitionsOf(groupId), ({ topic, partitions }) => {
    writer.string(topic).array(partitions, (partition) => {
      const committed = offsets.get(groupId, topic, partition);
      writer.int32(partition).int64(committed?.offset ?? NO_OFFSET);
      if (version >= 5) writer.int32(NO_EPOCH);
      writer.string(committed?.metadata ?? '').int16(error);
    });
  });
  if (version >= 2) writer.int16(error);
  return writer;
};
