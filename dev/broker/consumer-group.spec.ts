import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ConsumerGroup } from './consumer-group.js';
import { ErrorCode } from './error-code.js';
import type { JoinAnswer, JoinRequest } from './group-member.js';

let group: ConsumerGroup;

beforeEach(() => {
  jest.useFakeTimers();
  group = new ConsumerGroup('group');
});

afterEach(() => {
  group.close();
  jest.useRealTimers();
});

function request(change: Partial<JoinRequest> = {}): JoinRequest {
  return {
    memberId: '',
    instanceId: undefined,
    clientId: 'client',
    clientHost: '127.0.0.1',
    sessionTimeoutMs: 1000,
    rebalanceTimeoutMs: 500,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('topics') }],
    mustKnowItsId: false,
    ...change,
  };
}

/** One member in a stable group, the leader. */
async function stableMember(): Promise<JoinAnswer> {
  const joined = await group.join(request());
  await group.sync(joined.memberId, joined.generation, [assign(joined.memberId, 'all')]);
  return joined;
}

/** A stable group of two. */
async function stablePair(): Promise<{ leader: JoinAnswer; follower: JoinAnswer }> {
  const first = await stableMember();
  const second = group.join(request());
  const [leader, follower] = await Promise.all([group.join(request({ memberId: first.memberId })), second]);
  const assigned = [assign(leader.memberId, 'half'), assign(follower.memberId, 'rest')];
  const waiting = group.sync(follower.memberId, follower.generation, []);
  await group.sync(leader.memberId, leader.generation, assigned);
  await waiting;
  return { leader, follower };
}

function assign(memberId: string, assignment: string): { memberId: string; assignment: Buffer } {
  return { memberId, assignment: Buffer.from(assignment) };
}

describe('a rebalance', () => {
  test('gives everybody the part that the leader computed, in one generation', async () => {
    const first = await stableMember();
    const waiting = group.join(request());
    expect(group.heartbeat(first.memberId, first.generation)).toBe(ErrorCode.rebalanceInProgress);
    const [leader, follower] = await Promise.all([group.join(request({ memberId: first.memberId })), waiting]);
    expect(leader.members.map((member) => member.memberId)).toEqual([leader.memberId, follower.memberId]);
    expect(follower).toMatchObject({ leaderId: leader.memberId, generation: leader.generation, members: [] });

    const followerSync = group.sync(follower.memberId, follower.generation, []);
    const parts = [assign(leader.memberId, 'a'), assign(follower.memberId, 'b')];
    expect(String((await group.sync(leader.memberId, leader.generation, parts)).assignment)).toBe('a');
    expect(String((await followerSync).assignment)).toBe('b');
    expect(group.heartbeat(first.memberId, first.generation)).toBe(ErrorCode.illegalGeneration);
  });

  test('goes on without members that do not join in time', async () => {
    const { leader, follower } = await stablePair();
    group.forceRebalance();
    const joined = group.join(request({ memberId: leader.memberId }));
    await jest.advanceTimersByTimeAsync(500);
    expect(await joined).toMatchObject({ error: 0, generation: leader.generation + 1 });
    expect([...group.members.keys()]).toEqual([leader.memberId]);
    expect(group.heartbeat(follower.memberId, follower.generation)).toBe(ErrorCode.unknownMemberId);
  });

  test('begins again without a leader that sends no assignment', async () => {
    const { leader, follower } = await stablePair();
    group.forceRebalance();
    const [, second] = await Promise.all([
      group.join(request({ memberId: leader.memberId })),
      group.join(request({ memberId: follower.memberId })),
    ]);
    const sync = group.sync(follower.memberId, second.generation, []);
    await jest.advanceTimersByTimeAsync(500);
    expect((await sync).error).toBe(ErrorCode.rebalanceInProgress);
    expect((await group.join(request({ memberId: follower.memberId }))).leaderId).toBe(follower.memberId);
  });

  test('happens when a member leaves, and not when a follower joins again with nothing new', async () => {
    const { leader, follower } = await stablePair();
    const again = await group.join(request({ memberId: follower.memberId }));
    expect(again).toMatchObject({ error: 0, generation: leader.generation });
    expect(group.state).toBe('Stable');
    group.leave(follower.memberId);
    expect(group.heartbeat(leader.memberId, leader.generation)).toBe(ErrorCode.rebalanceInProgress);
  });
});

describe('a session', () => {
  test('ends when a member is silent for its session timeout', async () => {
    const { leader, follower } = await stablePair();
    await jest.advanceTimersByTimeAsync(900);
    group.heartbeat(leader.memberId, leader.generation);
    await jest.advanceTimersByTimeAsync(100);
    expect([...group.members.keys()]).toEqual([leader.memberId]);
    expect(group.heartbeat(follower.memberId, follower.generation)).toBe(ErrorCode.unknownMemberId);
  });

  test('lasts while the member waits for an answer of the broker', async () => {
    const first = await stableMember();
    const second = group.join(request({ rebalanceTimeoutMs: 5000 }));
    group.heartbeat(first.memberId, first.generation);
    await jest.advanceTimersByTimeAsync(900);
    group.heartbeat(first.memberId, first.generation);
    await jest.advanceTimersByTimeAsync(900);
    expect(group.members.size).toBe(2);
    await group.join(request({ memberId: first.memberId }));
    expect((await second).error).toBe(ErrorCode.none);
  });

  test('of the last member leaves the group empty', async () => {
    await stableMember();
    await jest.advanceTimersByTimeAsync(1000);
    expect([group.state, group.members.size]).toEqual(['Empty', 0]);
  });
});

describe('joining', () => {
  test.each<[string, Partial<JoinRequest>, number]>([
    ['an id that nobody was given', { memberId: 'nobody' }, ErrorCode.unknownMemberId],
    ['another type of group', { protocolType: 'connect' }, ErrorCode.inconsistentGroupProtocol],
    ['no protocol in common', { protocols: [] }, ErrorCode.inconsistentGroupProtocol],
    ['no session', { sessionTimeoutMs: 0 }, ErrorCode.invalidSessionTimeout],
    ['an endless session', { sessionTimeoutMs: 2 ** 31 - 1 }, ErrorCode.invalidSessionTimeout],
    ['no id, since version 4', { mustKnowItsId: true }, ErrorCode.memberIdRequired],
  ])('with %s is refused and disturbs nobody', async (_, change, error) => {
    const member = await stableMember();
    expect(await group.join(request(change))).toMatchObject({ error, members: [] });
    expect(group.heartbeat(member.memberId, member.generation)).toBe(ErrorCode.none);
  });

  test('with the id that was asked for succeeds', async () => {
    const { memberId } = await group.join(request({ mustKnowItsId: true }));
    expect(await group.join(request({ memberId, mustKnowItsId: true }))).toMatchObject({
      error: 0,
      leaderId: memberId,
    });
  });
});

test.each<[string, number, (group: ConsumerGroup) => Promise<{ memberId: string; generation: number }>]>([
  ['a stranger to an empty group', ErrorCode.none, () => Promise.resolve({ memberId: '', generation: -1 })],
  ['a member', ErrorCode.none, () => stableMember()],
  ['a stranger', ErrorCode.unknownMemberId, async () => (await stableMember(), { memberId: '', generation: -1 })],
  ['a past generation', ErrorCode.illegalGeneration, async () => ({ ...(await stableMember()), generation: 0 })],
  ['a member without assignment yet', ErrorCode.rebalanceInProgress, (joined) => joined.join(request())],
])('whether %s may commit is as in Kafka (error %d)', async (_, error, prepare) => {
  const { memberId, generation } = await prepare(group);
  expect(group.commitRefusal(memberId, generation)).toBe(error);
});
