import { randomUUID } from 'node:crypto';

export const NO_ASSIGNMENT = Buffer.alloc(0);

export interface GroupProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface JoinRequest {
  /** Empty for a member that is new. */
  readonly memberId: string;
  readonly instanceId: string | undefined;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly GroupProtocol[];
  /** Since version 4 a new member is first told its id and must join again with it. */
  readonly mustKnowItsId: boolean;
}

export interface JoinAnswer {
  readonly error: number;
  readonly generation: number;
  readonly protocol: string;
  readonly leaderId: string;
  readonly memberId: string;
  /** For the leader only: everybody, with what each one subscribed to. */
  readonly members: readonly { memberId: string; instanceId: string | undefined; metadata: Buffer }[];
}

export interface SyncAnswer {
  readonly error: number;
  readonly assignment: Buffer;
}

export interface Member extends Omit<JoinRequest, 'mustKnowItsId'> {
  assignment: Buffer;
  sessionTimer: NodeJS.Timeout | undefined;
  /** Set while the member waits for the others to join, and for the leader's assignment. */
  answerJoin: ((answer: JoinAnswer) => void) | undefined;
  answerSync: ((answer: SyncAnswer) => void) | undefined;
}

/** An id that says whose it is and is never given twice. */
export function newMemberId(request: JoinRequest): string {
  return `${request.clientId}-${randomUUID()}`;
}

/** Whether the member offers this assignment protocol. */
export function supports(member: Member, protocol: string): boolean {
  return member.protocols.some(({ name }) => name === protocol);
}

/** Whether a member that joins again brings nothing new: neither protocols nor subscriptions. */
export function haveSameProtocols(left: readonly GroupProtocol[], right: readonly GroupProtocol[]): boolean {
  const isSame = (protocol: GroupProtocol, index: number): boolean => {
    return protocol.name === right[index]?.name && protocol.metadata.equals(right[index].metadata);
  };
  return left.length === right.length && left.every(isSame);
}

/** The answer to a join that ends with an error code. */
export function joinFailed(error: number, memberId: string): JoinAnswer {
  return { error, generation: -1, protocol: '', leaderId: '', memberId, members: [] };
}

/** The answer to a sync that ends with an error code. */
export function syncFailed(error: number): SyncAnswer {
  return { error, assignment: NO_ASSIGNMENT };
}
