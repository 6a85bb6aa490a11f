import { ErrorCode } from '../error-code.js';
import type { ConsumerGroup } from '../consumer-group.js';
import { joinFailed, syncFailed } from '../group-member.js';
import { WireWriter } from '../wire-writer.js';
import { type Handler, NOT_THROTTLED_MS, type Request } from './request.js';

/** JoinGroup, versions 0–5. Answered when the rebalance is complete. */
export const joinGroup: Handler = async (request) => {
  const { reader, version, clientId, clientHost } = request;
  const group = openGroup(request, reader.string());
  const sessionTimeoutMs = reader.int32();
  const rebalanceTimeoutMs = version >= 1 ? reader.int32() : sessionTimeoutMs;
  const memberId = reader.string();
  const instanceId = version >= 5 ? reader.nullableString() : undefined;
  const protocolType = reader.string();
  const protocols = reader.array(() => ({ name: reader.string(), metadata: reader.byteString() }));
  const member = { memberId, instanceId, clientId, clientHost, protocolType, protocols };
  const timing = { sessionTimeoutMs, rebalanceTimeoutMs, mustKnowItsId: version >= 4 };
  const answer = typeof group === 'number' ? joinFailed(group, memberId) : await group.join({ ...member, ...timing });
  const writer = new WireWriter();
  if (version >= 2) writer.int32(NOT_THROTTLED_MS);
  writer.int16(answer.error).int32(answer.generation).string(answer.protocol);
  writer.string(answer.leaderId).string(answer.memberId);
  return writer.array(answer.members, (known) => {
    writer.string(known.memberId);
    if (version >= 5) writer.nullableString(known.instanceId);
    writer.byteString(known.metadata);
  });
};

/** SyncGroup, versions 0–3. Answered when the leader has sent the assignment. */
export const syncGroup: Handler = async (request) => {
  const { reader, version } = request;
  const group = openGroup(request, reader.string());
  const generation = reader.int32();
  const memberId = reader.string();
  if (version >= 3) reader.nullableString(); // The instance's id.
  const assignments = reader.array(() => ({ memberId: reader.string(), assignment: reader.byteString() }));
  const answer = typeof group === 'number' ? syncFailed(group) : await group.sync(memberId, generation, assignments);
  const writer = new WireWriter();
  if (version >= 1) writer.int32(NOT_THROTTLED_MS);
  return writer.int16(answer.error).byteString(answer.assignment);
};

/** Heartbeat, versions 0–3. */
export const heartbeat: Handler = (request) => {
  const { reader, version } = request;
  const group = openGroup(request, reader.string());
  const generation = reader.int32();
  const memberId = reader.string();
  if (version >= 3) reader.nullableString(); // The instance's id.
  const writer = new WireWriter();
  if (version >= 1) writer.int32(NOT_THROTTLED_MS);
  return writer.int16(typeof group === 'number' ? group : group.heartbeat(memberId, generation));
};

/** LeaveGroup, versions 0–3. Since version 3 several members may leave at once. */
export const leaveGroup: Handler = (request) => {
  const { reader, version } = request;
  const group = openGroup(request, reader.string());
  const readMember = (): { memberId: string; instanceId: string | undefined } => ({
    memberId: reader.string(),
    instanceId: version >= 3 ? reader.nullableString() : undefined,
  });
  const leaving = version >= 3 ? reader.array(readMember) : [readMember()];
  const answers = leaving.map((member) => {
    return { ...member, error: typeof group === 'number' ? group : group.leave(member.memberId) };
  });
  const writer = new WireWriter();
  if (version >= 1) writer.int32(NOT_THROTTLED_MS);
  if (version < 3) return writer.int16(answers[0]?.error ?? ErrorCode.none);
  writer.int16(typeof group === 'number' ? group : ErrorCode.none);
  return writer.array(answers, ({ memberId, instanceId, error }) => {
    writer.string(memberId).nullableString(instanceId).int16(error);
  });
};

function openGroup({ cluster, injectedError }: Request, id: string): ConsumerGroup | number {
  return injectedError ?? cluster.groups.open(id);
}
