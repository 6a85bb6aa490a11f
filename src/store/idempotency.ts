import type { Database } from './database.js';

/** A request may be repeated for so long. */
export const IDEMPOTENCY_HOURS = 24;

/** What runs for longer was begun by a process that has died; no request of the REST surface takes as long. */
const ABANDONED_AFTER_SECONDS = 120;

/** Between the two statements of `begin` the key may have become free; more often than this it is a loop. */
const BEGIN_ATTEMPTS_MAX = 3;

/** One request that may be repeated. */
export interface RepeatableRequest {
  license: string;
  /** Method and path, in a spelling of at most 1,000 characters that is the same for every repetition. */
  route: string;
  key: string;
  /** Hash of what the request asks for: a repetition asks for the same. */
  fingerprint: Buffer;
}

/** The right to answer a request. It is lost to another process when it is kept for too long. */
export interface IdempotencyClaim extends RepeatableRequest {
  begunAt: Date;
}

export type BegunRequest =
  | { kind: 'begun'; claim: IdempotencyClaim }
  | { kind: 'running' }
  | { kind: 'answered'; status: number; answer: string }
  | { kind: 'other_request' };

/**
 * Answers to requests that carried an `Idempotency-Key`, for a day. Of two that come at once one begins. What is
 * stored as answer is the caller's: it should be sealed, since answers hold secrets.
 */
export class IdempotencyStore {
  constructor(private readonly database: Database) {}

  /** Claims the key for a request, or says what has become of the one that has it. */
  async begin(request: RepeatableRequest): Promise<BegunRequest> {
    for (let attempt = 0; attempt < BEGIN_ATTEMPTS_MAX; attempt++) {
      const begunAt = await this.claim(request);
      if (begunAt !== undefined) return { kind: 'begun', claim: { ...request, begunAt } };
      const earlier = await this.find(request);
      if (earlier === undefined) continue;
      if (!earlier.fingerprint.equals(request.fingerprint)) return { kind: 'other_request' };
      if (earlier.status === null || earlier.answer === null) return { kind: 'running' };
      return { kind: 'answered', status: earlier.status, answer: earlier.answer };
    }
    return { kind: 'running' };
  }

  /** Stores the answer, unless the claim was lost. */
  async keep(claim: IdempotencyClaim, status: number, answer: string): Promise<void> {
    await this.database.dataSource.query(
      `update idempotency_keys set status = $5, answer = $6
        where license = $1 and route = $2 and key = $3 and created_at = $4 and status is null`,
      [claim.license, claim.route, claim.key, claim.begunAt, status, answer],
    );
  }

  /** Forgets a request that is to run anew when it is repeated, unless the claim was lost. */
  async free(claim: IdempotencyClaim): Promise<void> {
    await this.database.dataSource.query(
      `delete from idempotency_keys
        where license = $1 and route = $2 and key = $3 and created_at = $4 and status is null`,
      [claim.license, claim.route, claim.key, claim.begunAt],
    );
  }

  /** Deletes what is too old to be repeated; how many. */
  async prune(): Promise<number> {
    const [, count] = await this.database.dataSource.query<[unknown, number]>(
      `delete from idempotency_keys where created_at < now() - interval '${IDEMPOTENCY_HOURS} hours'`,
    );
    return count;
  }

  /** When the key was claimed; undefined when another request has it. */
  private async claim({ license, route, key, fingerprint }: RepeatableRequest): Promise<Date | undefined> {
    const [row] = await this.database.dataSource.query<{ created_at: Date }[]>(
      `insert into idempotency_keys as earlier (license, route, key, fingerprint) values ($1, $2, $3, $4)
       on conflict (license, route, key) do update
          set fingerprint = excluded.fingerprint, status = null, answer = null, created_at = excluded.created_at
        where earlier.created_at < now() - case
                when earlier.status is null then interval '${ABANDONED_AFTER_SECONDS} seconds'
                else interval '${IDEMPOTENCY_HOURS} hours'
              end
       returning created_at`,
      [license, route, key, fingerprint],
    );
    return row?.created_at;
  }

  private async find({ license, route, key }: RepeatableRequest): Promise<EarlierRequest | undefined> {
    const [row] = await this.database.dataSource.query<EarlierRequest[]>(
      'select fingerprint, status, answer from idempotency_keys where license = $1 and route = $2 and key = $3',
      [license, route, key],
    );
    return row;
  }
}

interface EarlierRequest {
  fingerprint: Buffer;
  status: number | null;
  answer: string | null;
}
