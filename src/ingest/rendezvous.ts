import { createHash } from 'node:crypto';

/** Partitions by topic. */
export type Partitions = ReadonlyMap<string, readonly number[]>;

/** A member of the consumer group, as the leader of the group sees it. */
export interface GroupMember {
  id: string;
  /** What partitions stay with; two members may have the same by mistake. */
  name: string;
  topics: ReadonlySet<string>;
  /** What it had in the last generation; undefined for who was not in that. */
  owned: Partitions | undefined;
}

interface Share {
  member: GroupMember;
  partitions: number[];
}

interface Bid {
  share: Share;
  partition: number;
  score: number;
}

/**
 * Spreads the partitions of each topic evenly over its subscribers: each gets P/N, rounded up or down. Gives the
 * partitions of each member by its id; those that nobody subscribes to are nobody's.
 *
 * As long as no member is new, each keeps what it owns, and what is unowned goes to who scores highest for it. As soon
 * as somebody is new, the names alone decide: the highest scores of all pairs come first, as far as the shares are not
 * full. So the same names always end in the same spread, and who leaves and comes back moves only its own partitions.
 */
export function spreadPartitions(
  members: readonly GroupMember[],
  topics: Partitions,
): Map<string, Map<string, number[]>> {
  const spread = new Map(members.map(({ id }) => [id, new Map<string, number[]>()]));
  const isSettled = members.every(({ owned }) => owned !== undefined);
  for (const [topic, partitions] of topics) {
    const subscribers = members.filter((member) => member.topics.has(topic));
    if (subscribers.length === 0) continue;
    const shares = subscribers.map((member): Share => ({ member, partitions: [] }));
    fill(shares, bidsOf(topic, partitions, shares), { count: partitions.length, isSettled, topic });
    for (const { member, partitions } of shares) {
      if (partitions.length > 0)
        spread.get(member.id)!.set(
          topic,
          partitions.sort((a, b) => a - b),
        );
    }
  }
  return spread;
}

/** How well a name and a partition go together, by rendezvous hashing: a number below 2^48 that is the same everywhere. */
export function scoreOf(topic: string, partition: number, name: string): number {
  return createHash('sha256').update(`${topic}\0${partition}\0${name}`).digest().readUIntBE(0, 6);
}

function bidsOf(topic: string, partitions: readonly number[], shares: readonly Share[]): Bid[] {
  const bids = partitions.flatMap((partition) =>
    shares.map((share): Bid => ({ share, partition, score: scoreOf(topic, partition, share.member.name) })),
  );
  return bids.sort(
    (a, b) => b.score - a.score || (a.share.member.id < b.share.member.id ? -1 : 1) || a.partition - b.partition,
  );
}

/** Grants bids in their order: claims first, if they count. Every partition finds a share that has room. */
function fill(
  shares: readonly Share[],
  bids: readonly Bid[],
  { count, isSettled, topic }: { count: number; isSettled: boolean; topic: string },
): void {
  const least = Math.floor(count / shares.length);
  let oneMore = count % shares.length;
  const given = new Set<number>();
  const grant = ({ share, partition }: Bid) => {
    const { length } = share.partitions;
    if (given.has(partition) || length > least || (length === least && oneMore === 0)) return;
    if (length === least) oneMore -= 1;
    given.add(partition);
    share.partitions.push(partition);
  };
  if (isSettled) {
    const claims = claimsOf(shares, topic);
    for (const bid of bids) if (claims.get(bid.partition) === bid.share) grant(bid);
  }
  for (const bid of bids) grant(bid);
}

/** Who claims what; what more than one claims is nobody's. */
function claimsOf(shares: readonly Share[], topic: string): Map<number, Share | undefined> {
  const claims = new Map<number, Share | undefined>();
  for (const share of shares) {
    for (const partition of new Set(share.member.owned?.get(topic))) {
      claims.set(partition, claims.has(partition) ? undefined : share);
    }
  }
  return claims;
}
