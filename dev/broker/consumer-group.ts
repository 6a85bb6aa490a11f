import { ErrorCode } from './error-code.js';
import { haveSameProtocols, joinFailed, newMemberId, NO_ASSIGNMENT, supports, syncFailed } from './group-member.js';
import type { JoinAnswer, JoinRequest, Member, SyncAnswer } from './group-member.js';

export const MAX_MEMBERS_PER_GROUP = 500;
const MAX_PENDING_MEMBERS = 500;
const MAX_TIMEOUT_MS = 30 * 60 * 1000;

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/**
 * The members of one consumer group and who reads what (the classic group protocol of Kafka).
 *
 * Empty: nobody is a member. The first join begins a rebalance.
 *
 * PreparingRebalance: all members must join (again); heartbeats tell them so. It ends when everybody has, or after the
 * longest rebalance timeout, when those who have not are expelled. Each rebalance makes a new generation.
 *
 * CompletingRebalance: everybody was told the generation, and the leader also who the members are. They wait in "sync"
 * for the assignment that the leader computes. A leader that does not send it within the rebalance timeout is expelled.
 *
 * Stable: everybody has an assignment. A member that joins, leaves, or is not heard of during its session timeout
 * begins the next rebalance. Members that wait for an answer of ours are not expected to send heartbeats.
 */
export class ConsumerGroup {
  readonly members = new Map<string, Member>();
  state: GroupState = 'Empty';
  generation = 0;
  protocolType = '';
  protocol = '';
  #leaderId: string | undefined;
  #rebalanceTimer: NodeJS.Timeout | undefined;
  /** New members that were told their id and have not joined with it yet, oldest first. */
  readonly #pending = new Set<string>();

  constructor(readonly id: string) {}

  join(request: JoinRequest): Promise<JoinAnswer> {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return Promise.resolve(refusal);
    const known = this.members.get(request.memberId);
    if (known !== undefined && this.#isUpToDate(known, request)) {
      this.#touch(known);
      return Promise.resolve(this.#joined(known));
    }
    const member = this.#admit(request);
    return new Promise((answer) => {
      member.answerJoin?.(joinFailed(ErrorCode.rebalanceInProgress, member.memberId));
      member.answerJoin = answer;
      if (this.state !== 'PreparingRebalance') this.#prepareRebalance();
      this.#completeWhenAllJoined();
    });
  }

  sync(
    memberId: string,
    generation: number,
    assignments: readonly { memberId: string; assignment: Buffer }[],
  ): Promise<SyncAnswer> {
    const member = this.members.get(memberId);
    if (member === undefined) return Promise.resolve(syncFailed(ErrorCode.unknownMemberId));
    if (generation !== this.generation) return Promise.resolve(syncFailed(ErrorCode.illegalGeneration));
    if (this.state === 'PreparingRebalance') return Promise.resolve(syncFailed(ErrorCode.rebalanceInProgress));
    this.#touch(member);
    if (this.state === 'Stable') return Promise.resolve({ error: ErrorCode.none, assignment: member.assignment });
    return new Promise((answer) => {
      member.answerSync?.(syncFailed(ErrorCode.rebalanceInProgress));
      member.answerSync = answer;
      if (memberId === this.#leaderId) this.#assign(assignments);
    });
  }

  /** Returns an error code, and counts as a sign of life. */
  heartbeat(memberId: string, generation: number): number {
    const member = this.members.get(memberId);
    if (member === undefined) return ErrorCode.unknownMemberId;
    if (generation !== this.generation) return ErrorCode.illegalGeneration;
    this.#touch(member);
    return this.state === 'PreparingRebalance' ? ErrorCode.rebalanceInProgress : ErrorCode.none;
  }

  /** Returns an error code. */
  leave(memberId: string): number {
    const member = this.members.get(memberId);
    if (member === undefined) return this.#pending.delete(memberId) ? ErrorCode.none : ErrorCode.unknownMemberId;
    this.#remove(member);
    return ErrorCode.none;
  }

  /** Whether this member may commit offsets, as an error code. Without members, whoever names no member may. */
  commitRefusal(memberId: string, generation: number): number {
    if (generation < 0 && memberId === '' && this.members.size === 0) return ErrorCode.none;
    const error = this.heartbeat(memberId, generation);
    if (error === ErrorCode.rebalanceInProgress) return ErrorCode.none; // Members commit before they join again.
    if (error !== ErrorCode.none) return error;
    return this.state === 'CompletingRebalance' ? ErrorCode.rebalanceInProgress : ErrorCode.none;
  }

  /** Makes all members join again, for tests. Does nothing unless the group is stable. */
  forceRebalance(): void {
    if (this.state === 'Stable') this.#prepareRebalance();
  }

  /** Stops all timers and answers nobody: the broker stops. */
  close(): void {
    clearTimeout(this.#rebalanceTimer);
    for (const member of this.members.values()) clearTimeout(member.sessionTimer);
  }

  #refusal(request: JoinRequest): JoinAnswer | undefined {
    const { memberId, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request;
    const isSane = [sessionTimeoutMs, rebalanceTimeoutMs].every((ms) => ms >= 1 && ms <= MAX_TIMEOUT_MS);
    if (!isSane) return joinFailed(ErrorCode.invalidSessionTimeout, memberId);
    const others = [...this.members.values()].filter((member) => member.memberId !== memberId);
    const isOfType = others.every((member) => member.protocolType === request.protocolType);
    const isShared = protocols.some(({ name }) => others.every((member) => supports(member, name)));
    if (!isOfType || !isShared) return joinFailed(ErrorCode.inconsistentGroupProtocol, memberId);
    if (memberId !== '') {
      const isKnown = this.members.has(memberId) || this.#pending.has(memberId);
      return isKnown ? undefined : joinFailed(ErrorCode.unknownMemberId, memberId);
    }
    if (this.members.size >= MAX_MEMBERS_PER_GROUP) return joinFailed(ErrorCode.groupMaxSizeReached, memberId);
    return request.mustKnowItsId ? joinFailed(ErrorCode.memberIdRequired, this.#newPendingId(request)) : undefined;
  }

  #newPendingId(request: JoinRequest): string {
    const id = newMemberId(request);
    this.#pending.add(id);
    if (this.#pending.size > MAX_PENDING_MEMBERS) {
      const [oldest = ''] = this.#pending;
      this.#pending.delete(oldest);
    }
    return id;
  }

  /** A member that joins again with nothing new is told what it missed, unless that is how the leader asks for a rebalance. */
  #isUpToDate(member: Member, request: JoinRequest): boolean {
    const isCalm =
      this.state === 'CompletingRebalance' || (this.state === 'Stable' && member.memberId !== this.#leaderId);
    return isCalm && haveSameProtocols(member.protocols, request.protocols);
  }

  #admit(request: JoinRequest): Member {
    const memberId = request.memberId === '' ? newMemberId(request) : request.memberId;
    const known = this.members.get(memberId);
    const waiting = { answerJoin: known?.answerJoin, answerSync: known?.answerSync };
    const member: Member = { ...request, ...waiting, memberId, assignment: NO_ASSIGNMENT, sessionTimer: undefined };
    clearTimeout(known?.sessionTimer);
    this.#pending.delete(memberId);
    this.members.set(memberId, member);
    this.#touch(member);
    return member;
  }

  #prepareRebalance(): void {
    this.state = 'PreparingRebalance';
    for (const member of this.members.values()) {
      this.#answerSync(member, syncFailed(ErrorCode.rebalanceInProgress));
      member.assignment = NO_ASSIGNMENT;
    }
    this.#restartRebalanceTimer(() => {
      this.#expel((member) => member.answerJoin === undefined);
      if (this.members.size > 0) this.#completeRebalance();
    });
  }

  #completeWhenAllJoined(): void {
    if (this.state !== 'PreparingRebalance' || this.members.size === 0) return;
    if ([...this.members.values()].every((member) => member.answerJoin !== undefined)) this.#completeRebalance();
  }

  #completeRebalance(): void {
    const members = [...this.members.values()];
    const leader = this.members.get(this.#leaderId ?? '') ?? members[0];
    if (leader === undefined) return;
    this.#leaderId = leader.memberId;
    this.generation += 1;
    this.state = 'CompletingRebalance';
    this.protocolType = leader.protocolType;
    this.protocol = leader.protocols.find(({ name }) => members.every((member) => supports(member, name)))?.name ?? '';
    this.#restartRebalanceTimer(() => {
      this.#expel((member) => member.answerSync === undefined);
      if (this.members.size > 0) this.#prepareRebalance();
    });
    for (const member of members) {
      this.#touch(member);
      const answer = member.answerJoin;
      member.answerJoin = undefined;
      answer?.(this.#joined(member));
    }
  }

  #assign(assignments: readonly { memberId: string; assignment: Buffer }[]): void {
    clearTimeout(this.#rebalanceTimer);
    this.state = 'Stable';
    const assignmentOf = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]));
    for (const member of this.members.values()) {
      member.assignment = assignmentOf.get(member.memberId) ?? NO_ASSIGNMENT;
      this.#touch(member);
      this.#answerSync(member, { error: ErrorCode.none, assignment: member.assignment });
    }
  }

  #joined(member: Member): JoinAnswer {
    const { generation, protocol } = this;
    const leaderId = this.#leaderId ?? '';
    const known = leaderId === member.memberId ? [...this.members.values()] : [];
    const members = known.map(({ memberId, instanceId, protocols }) => {
      const metadata = protocols.find(({ name }) => name === protocol)?.metadata ?? NO_ASSIGNMENT;
      return { memberId, instanceId, metadata };
    });
    return { error: ErrorCode.none, generation, protocol, leaderId, memberId: member.memberId, members };
  }

  #touch(member: Member): void {
    clearTimeout(member.sessionTimer);
    member.sessionTimer = setTimeout(() => {
      const isWaiting = member.answerJoin !== undefined || member.answerSync !== undefined;
      if (isWaiting) this.#touch(member);
      else this.#remove(member);
    }, member.sessionTimeoutMs);
  }

  #expel(isLate: (member: Member) => boolean): void {
    for (const member of [...this.members.values()].filter(isLate)) this.#forget(member);
    if (this.members.size === 0) this.#becomeEmpty();
  }

  #remove(member: Member): void {
    this.#forget(member);
    if (this.members.size === 0) this.#becomeEmpty();
    else if (this.state === 'PreparingRebalance') this.#completeWhenAllJoined();
    else this.#prepareRebalance();
  }

  #forget(member: Member): void {
    clearTimeout(member.sessionTimer);
    member.answerJoin?.(joinFailed(ErrorCode.unknownMemberId, member.memberId));
    this.#answerSync(member, syncFailed(ErrorCode.unknownMemberId));
    this.members.delete(member.memberId);
    if (this.#leaderId === member.memberId) this.#leaderId = undefined;
  }

  #becomeEmpty(): void {
    clearTimeout(this.#rebalanceTimer);
    this.state = 'Empty';
    this.generation += 1;
  }

  #restartRebalanceTimer(onTimeout: () => void): void {
    clearTimeout(this.#rebalanceTimer);
    const longestMs = Math.max(...[...this.members.values()].map((member) => member.rebalanceTimeoutMs));
    this.#rebalanceTimer = setTimeout(onTimeout, longestMs);
  }

  #answerSync(member: Member, answer: SyncAnswer): void {
    const waiting = member.answerSync;
    member.answerSync = undefined;
    waiting?.(answer);
  }
}
