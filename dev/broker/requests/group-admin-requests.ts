import { ErrorCode } from '../error-code.js';
import { NO_ASSIGNMENT } from '../group-member.js';
import { WireWriter } from '../wire-writer.js';
import { type Cluster, type Handler, NO_OPERATIONS, NOT_THROTTLED_MS } from './request.js';

/** DescribeGroups, versions 0–4. A group that does not exist is "Dead". */
export const describeGroups: Handler = ({ reader, version, cluster, injectedError }) => {
  const ids = reader.array(() => reader.string());
  const writer = new WireWriter();
  if (version >= 1) writer.int32(NOT_THROTTLED_MS);
  return writer.array(ids, (id) => {
    writer.int16(injectedError ?? ErrorCode.none).string(id);
    writeGroup(writer, version, { id, cluster });
    if (version >= 3) writer.int32(NO_OPERATIONS);
  });
};

function writeGroup(writer: WireWriter, version: number, { id, cluster }: { id: string; cluster: Cluster }): void {
  const group = cluster.groups.find(id);
  const unseen = cluster.groups.exists(id) ? 'Empty' : 'Dead';
  writer.string(group?.state ?? unseen).string(group?.protocolType ?? '');
  writer.string(group?.state === 'Stable' ? group.protocol : '');
  writer.array([...(group?.members.values() ?? [])], (member) => {
    writer.string(member.memberId);
    if (version >= 4) writer.nullableString(member.instanceId);
    writer.string(member.clientId).string(`/${member.clientHost}`);
    const current = member.protocols.find(({ name }) => name === group?.protocol);
    writer.byteString(current?.metadata ?? NO_ASSIGNMENT).byteString(member.assignment);
  });
}

/** ListGroups, versions 0–2. */
export const listGroups: Handler = ({ version, cluster, injectedError }) => {
  const writer = new WireWriter();
  if (version >= 1) writer.int32(NOT_THROTTLED_MS);
  writer.int16(injectedError ?? ErrorCode.none);
  return writer.array(cluster.groups.ids(), (id) => {
    writer.string(id).string(cluster.groups.find(id)?.protocolType ?? 'consumer');
  });
};

/** DeleteGroups, versions 0–1. */
export const deleteGroups: Handler = ({ reader, cluster, injectedError }) => {
  const ids = reader.array(() => reader.string());
  const writer = new WireWriter().int32(NOT_THROTTLED_MS);
  return writer.array(ids, (id) => writer.string(id).int16(injectedError ?? cluster.groups.delete(id)));
};
