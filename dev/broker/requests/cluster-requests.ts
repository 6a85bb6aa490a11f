import { ErrorCode } from '../error-code.js';
import { isTopicName } from '../topics.js';
import { WireWriter } from '../wire-writer.js';
import { type Cluster, type Handler, NO_OPERATIONS, NODE_ID, NOT_THROTTLED_MS, type Request } from './request.js';

/** Metadata, versions 0–8: the one node, and the topics that were asked for. */
export const metadata: Handler = (request) => {
  const { reader, version, cluster } = request;
  const asked = reader.nullableArray(() => reader.string());
  const mayCreate = version < 4 || reader.boolean();
  const isForAll = asked === undefined || (version === 0 && asked.length === 0);
  const names = isForAll ? cluster.topics.all().map((topic) => topic.name) : asked;
  const writer = new WireWriter();
  if (version >= 3) writer.int32(NOT_THROTTLED_MS);
  writer.array([NODE_ID], () => {
    writeNode(writer, cluster);
    if (version >= 1) writer.nullableString(undefined); // The rack.
  });
  if (version >= 2) writer.nullableString(cluster.id);
  if (version >= 1) writer.int32(NODE_ID); // The controller.
  writer.array(names, (name) => writeTopic(writer, request, { name, mayCreate }));
  if (version >= 8) writer.int32(NO_OPERATIONS);
  return writer;
};

function writeTopic(writer: WireWriter, request: Request, asked: { name: string; mayCreate: boolean }): void {
  const { version, cluster, injectedError } = request;
  const { name, mayCreate } = asked;
  if (mayCreate && cluster.autoCreateTopics && injectedError === undefined) {
    cluster.topics.create(name, cluster.partitionsPerTopic);
  }
  const partitions = cluster.topics.get(name)?.partitions;
  const missing = isTopicName(name) ? ErrorCode.unknownTopicOrPartition : ErrorCode.invalidTopic;
  writer.int16(injectedError ?? (partitions === undefined ? missing : ErrorCode.none)).string(name);
  if (version >= 1) writer.boolean(false); // Not an internal topic.
  writer.array([...(partitions ?? []).keys()], (partition) => {
    writer.int16(ErrorCode.none).int32(partition).int32(NODE_ID);
    if (version >= 7) writer.int32(0); // The leader epoch.
    writer.array([NODE_ID], (node) => writer.int32(node)); // The replicas,
    writer.array([NODE_ID], (node) => writer.int32(node)); // those in sync,
    if (version >= 5) writer.array([], () => undefined); // and those offline.
  });
  if (version >= 8) writer.int32(NO_OPERATIONS);
}

/** FindCoordinator, versions 0–2: it is always the one node. */
export const findCoordinator: Handler = ({ reader, version, cluster, injectedError }) => {
  reader.string(); // The group.
  if (version >= 1) reader.int8(); // Group or transaction.
  const writer = new WireWriter();
  if (version >= 1) writer.int32(NOT_THROTTLED_MS);
  writer.int16(injectedError ?? ErrorCode.none);
  if (version >= 1) writer.nullableString(undefined); // The error's message.
  return writeNode(writer, cluster);
};

/** InitProducerId, versions 0–1, for idempotent producers. Transactions are refused. */
export const initProducerId: Handler = ({ reader, cluster, injectedError }) => {
  const isTransactional = reader.nullableString() !== undefined;
  reader.int32(); // The transaction's time-out.
  const error = injectedError ?? (isTransactional ? ErrorCode.invalidRequest : ErrorCode.none);
  const writer = new WireWriter().int32(NOT_THROTTLED_MS).int16(error);
  const isGiven = error === ErrorCode.none;
  return writer.int64(isGiven ? cluster.newProducerId() : -1).int16(isGiven ? 0 : -1);
};

function writeNode(writer: WireWriter, cluster: Cluster): WireWriter {
  return writer.int32(NODE_ID).string(cluster.host).int32(cluster.port);
}
