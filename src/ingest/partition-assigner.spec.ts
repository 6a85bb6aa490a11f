import { expect, test } from '@jest/globals';
import kafkajs, { type Cluster } from 'kafkajs';
import { partitionAssigner, readMember, type Membership } from './partition-assigner.js';

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;

const cluster = {
  findTopicPartitionMetadata: () => [0, 1, 2, 3].map((partitionId) => ({ partitionId })),
} as unknown as Cluster;

function assigner(instanceName: string, membership?: Membership) {
  return partitionAssigner({ instanceName, membership: () => membership })({
    cluster,
    groupId: 'g',
    logger: {} as never,
  });
}

function joining(instanceName: string, memberId: string, membership?: Membership) {
  return { memberId, memberMetadata: assigner(instanceName, membership).protocol({ topics: ['signals'] }).metadata };
}

test('a member tells its name, its topics and what it owned under the id that it has', () => {
  const owned = new Map([['signals', [1, 2]]]);
  expect(readMember(joining('engine-1', 'id', { memberId: 'id', owned }))).toEqual({
    ...{ id: 'id', name: 'engine-1', topics: new Set(['signals']), owned },
  });
});

test.each<[string, Membership | undefined]>([
  ['was in no generation', undefined],
  ['has another id than in the last one, so was thrown out between', { memberId: 'before', owned: new Map() }],
])('a member that %s is new', (_, membership) => {
  expect(readMember(joining('engine-1', 'id', membership)).owned).toBeUndefined();
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['no JSON', Buffer.from('{')],
  ['JSON of another shape', Buffer.from('{"name":7,"owned":[]}')],
])('a member whose user data is %s takes part under its id, as new', (_, userData) => {
  const memberMetadata = MemberMetadata.encode({ version: 0, topics: ['signals'], userData });
  expect(readMember({ memberId: 'id', memberMetadata })).toEqual({
    ...{ id: 'id', name: 'id', topics: new Set(['signals']), owned: undefined },
  });
});

test.each([[''], ['no metadata'], ['\x00\x00\x7f\xff\xff\xff']])(
  'metadata that cannot be read subscribe to nothing',
  (text) => {
    expect(readMember({ memberId: 'id', memberMetadata: Buffer.from(text) }).topics).toEqual(new Set());
  },
);

test('the leader gives every partition to one of the members, in what kafkajs can read', async () => {
  const members = [joining('engine-1', 'a'), joining('engine-2', 'b')];
  const answer = await assigner('engine-1').assign({ members, topics: ['signals'] });
  const assigned = answer.map(({ memberAssignment }) => MemberAssignment.decode(memberAssignment)!.assignment.signals!);
  expect(assigned.map(({ length }) => length)).toEqual([2, 2]);
  expect(assigned.flat().sort()).toEqual([0, 1, 2, 3]);
});
