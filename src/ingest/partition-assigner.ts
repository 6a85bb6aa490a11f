import kafkajs, { type Assigner, type PartitionAssigner } from 'kafkajs';
import { z } from 'zod';
import { spreadPartitions, type GroupMember, type Partitions } from './rendezvous.js';

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;

const VERSION = 0;

/** What a member had in the last generation that it was in, and the id that it was in it with. */
export interface Membership {
  memberId: string;
  owned: Partitions;
}

export interface AssignerOptions {
  instanceName: string;
  /** Asked each time the group is joined; undefined: no generation came before. */
  membership: () => Membership | undefined;
}

/** What a member tells the leader about itself. */
const userData = z.object({
  name: z.string().min(1),
  memberId: z.string().optional(),
  owned: z.record(z.string(), z.array(z.number().int().nonnegative())).optional(),
});

/**
 * Assigns partitions as `spreadPartitions` does. A member tells its instance name and what it owns by the metadata of its
 * subscription; whichever member leads the group decides for all. Members that say something else take part under their
 * member id, as new.
 */
export function partitionAssigner({ instanceName, membership }: AssignerOptions): PartitionAssigner {
  return ({ cluster }): Assigner => ({
    name: 'TriplineRendezvous',
    version: VERSION,
    protocol({ topics }) {
      const { memberId, owned } = membership() ?? {};
      const told = { name: instanceName, memberId, owned: owned && Object.fromEntries(owned) };
      const metadata = MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(JSON.stringify(told)) });
      return { name: this.name, metadata };
    },
    assign({ members, topics }) {
      const partitionsOf = (topic: string) =>
        cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
      const partitions = new Map(topics.map((topic) => [topic, partitionsOf(topic)]));
      const spread = spreadPartitions(members.map(readMember), partitions);
      return Promise.resolve(
        [...spread].map(([memberId, assigned]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: VERSION,
            assignment: Object.fromEntries(assigned),
            userData: Buffer.alloc(0),
          }),
        })),
      );
    },
  });
}

/** A member as the group's coordinator passes it on. Never throws: members may be other programs. */
export function readMember({
  memberId: id,
  memberMetadata,
}: {
  memberId: string;
  memberMetadata: Buffer;
}): GroupMember {
  const metadata = read(() => MemberMetadata.decode(memberMetadata));
  const topics = new Set(metadata?.topics);
  const told = userData.safeParse(read(() => JSON.parse(metadata?.userData.toString('utf8') ?? '') as unknown));
  if (!told.success) return { id, name: id, topics, owned: undefined };
  const { name, memberId, owned } = told.data;
  // Who was thrown out has another id now, and what it had is another's.
  const isSettled = owned !== undefined && memberId === id;
  return { id, name, topics, owned: isSettled ? new Map(Object.entries(owned)) : undefined };
}

function read<Result>(decode: () => Result): Result | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
