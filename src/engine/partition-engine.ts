import { setImmediate as othersTurn } from 'node:timers/promises';
import type { MetricKind } from '../core/catalog.js';
import type { CommitResult } from '../store/chunks.js';
import { CatchUp } from './catch-up.js';
import { emptyResult, evaluateChunk, queuedByLicense, stateRows } from './chunk-evaluation.js';
import { ChunkPlanner, type ChunkLimits, type ChunkPlan, type Cursor } from './chunk-plan.js';
import { notStorable, type Refusal, refusalOf } from './commit-refusal.js';
import type { EngineParts } from './engine-parts.js';
import type { Afforded } from './firing-quota.js';
import { Foresight } from './foresight.js';
import { PartitionStates } from './partition-states.js';
import type { SourceRecord } from './record.js';
import { pauseWhile, retryWhile } from './retry.js';
import type { StateCache } from './state-cache.js';
import type { Chunk, LogEventRow, Position } from './stores.js';

export interface Stream {
  topic: string;
  partition: number;
  metricKind: MetricKind;
  /** Of the topic, now: says which keys belong to this partition. */
  partitionCount: number;
}

/** What became of one try at a chunk. `refused`: the database will not take these values, however often it is asked. */
type Answer = 'ok' | 'fenced' | 'abandoned' | 'conflict' | 'refused';

/** What a chunk comes to, and the place in the index's sequence under which that was found. */
interface Decided {
  seq: bigint;
  result: Afforded;
}

/** From this try on, a chunk that met conflicts, or that the database refused, goes in single records. */
const SINGLE_FROM_ATTEMPT = 3;
/** By this try, a single record that the database refuses is set aside as a dead letter. */
const SET_ASIDE_FROM_ATTEMPT = 5;
/** So few records are planned twice rather than waited for: it takes less time than asking the database once. */
const FORETOLD_MAX = 50;

/**
 * Turns the records of one partition into firings, each exactly once. The truth is the position in the database, which
 * moves in the same commit as everything a chunk stores; this object holds it together with how far it got since
 * (`cursor`: chunks without effects store nothing). Whoever is answered `fenced` forgets the object and opens the
 * partition again where the database says.
 *
 * A chunk goes: plan (synchronous, under one index) → load the states that the plan needs → evaluate (synchronous) and
 * reserve what fires → commit. When the commit answers that a state or trigger changed meanwhile, index and states are
 * read again and the chunk is evaluated anew, from the third time in single records. Killed before the commit, nothing
 * happened; killed after it, the position says so.
 */
export class PartitionEngine {
  private readonly planner: ChunkPlanner;
  private readonly states: PartitionStates;
  private readonly catchUp: CatchUp;
  private stored: Position;
  private cursor: Cursor;
  private storedAtMs: number;
  private last: Promise<unknown> = Promise.resolve();
  private readonly foresight: Foresight;
  /** The last in line, if that is a flush. */
  private flushing: Promise<'ok' | 'fenced'> | undefined;

  constructor(
    private readonly stream: Stream,
    position: Position,
    private readonly cache: StateCache,
    private readonly parts: EngineParts,
  ) {
    const { partition, partitionCount } = stream;
    const { states, now, scattered } = parts;
    this.states = new PartitionStates({ cache, states, now, partition, partitionCount, scattered });
    this.catchUp = new CatchUp({ ...parts, topic: stream.topic, cache, states: this.states });
    this.planner = new ChunkPlanner({ kind: stream.metricKind, index: parts.index, now: parts.now });
    this.stored = position;
    this.cursor = { offset: position.nextOffset, index: position.nextIndex };
    this.storedAtMs = parts.now();
    this.foresight = new Foresight(parts.limits);
  }

  /** The stored position, as this object knows it. */
  get position(): Position {
    return this.stored;
  }

  /** The first that is not processed yet; from the stored one on, processing it so far had no effects. */
  get nextOffset(): bigint {
    return this.cursor.offset;
  }

  /**
   * Processes records, in the order of their offsets; those before the position are skipped. `onProcessed` is awaited
   * after each chunk with the first offset that is still to do. Nothing is thrown for a database that fails: it is asked
   * again while `isLive`, and `abandoned` means that it was no longer. Calls wait for each other.
   */
  process(
    records: readonly SourceRecord[],
    isLive: () => boolean,
    onProcessed: (nextOffset: bigint) => Promise<void>,
  ): Promise<'ok' | 'fenced' | 'abandoned'> {
    this.flushing = undefined;
    return this.alone(() => this.processAll(records, isLive, onProcessed));
  }

  /**
   * Stores how far processing got, if that is further than the stored position. Throws when the database fails. While one
   * waits or runs, with no processing behind it, another would store the same: all who ask get its answer.
   */
  flush(): Promise<'ok' | 'fenced'> {
    if (this.flushing) return this.flushing;
    const flushing = this.alone(() => this.storeCursor()).finally(() => {
      if (this.flushing === flushing) this.flushing = undefined;
    });
    this.flushing = flushing;
    return flushing;
  }

  private alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }

  private async processAll(
    records: readonly SourceRecord[],
    isLive: () => boolean,
    onProcessed: (nextOffset: bigint) => Promise<void>,
  ): Promise<'ok' | 'fenced' | 'abandoned'> {
    if (!(await this.refresh(isLive, () => this.foretell(records)))) return 'abandoned';
    let attempt = 1;
    for (let at = this.skip(records, 0); at < records.length; at = this.skip(records, at)) {
      if (!isLive()) return 'abandoned';
      const answer = await this.chunk(records, at, { attempt, isLive });
      if (answer !== 'ok') this.states.clear();
      if (answer === 'fenced' || answer === 'abandoned') return answer;
      if (answer === 'ok') {
        attempt = 1;
        await onProcessed(this.cursor.offset);
        await othersTurn();
        continue;
      }
      attempt += 1;
      if (attempt > SINGLE_FROM_ATTEMPT && !(await pauseWhile(isLive, this.parts.retryDelays.firstMs)))
        return 'abandoned';
      if (!(await this.refresh(isLive))) return 'abandoned';
    }
    return 'ok';
  }

  private skip(records: readonly SourceRecord[], from: number): number {
    let at = from;
    while (at < records.length && records[at]!.offset < this.cursor.offset) at += 1;
    return at;
  }

  private refresh(isLive: () => boolean, foretell?: () => ChunkPlan | undefined): Promise<boolean> {
    return this.catchUp.learn((operation) => this.persist(isLive, operation), foretell);
  }

  private foretell(records: readonly SourceRecord[]): ChunkPlan | undefined {
    const at = this.skip(records, 0);
    const isWorthIt = at < records.length && records.length - at <= FORETOLD_MAX;
    return isWorthIt ? this.planner.plan(records, at, this.cursor, this.parts.limits) : undefined;
  }

  private async chunk(
    records: readonly SourceRecord[],
    at: number,
    { attempt, isLive }: { attempt: number; isLive: () => boolean },
  ): Promise<Answer> {
    const limits = { ...this.parts.limits, records: attempt < SINGLE_FROM_ATTEMPT ? this.foresight.records : 1 };
    const decided = await this.decide(records, at, limits, isLive);
    if (!decided) return 'abandoned';
    const answer = await this.store(decided, isLive);
    if (answer !== 'refused') return answer;
    return attempt < SET_ASIDE_FROM_ATTEMPT ? 'refused' : this.setAside(records[at]!, decided.seq, isLive);
  }

  /**
   * Plans and evaluates a chunk: in one go where every state is at hand and there is quota enough, which is nearly always.
   * Other partitions plan theirs wherever this waits, and the plan, which is most of what a chunk makes, grows old with it;
   * so it waits only for an answer, and is over, with all that it holds, before the chunk is stored.
   */
  private async decide(
    records: readonly SourceRecord[],
    at: number,
    limits: ChunkLimits,
    isLive: () => boolean,
  ): Promise<Decided | undefined> {
    const { parts, stream } = this;
    const plan = this.planner.plan(records, at, this.cursor, limits);
    const { ofMatches: pairs, missing } = this.states.forPlan(plan);
    if (missing.length > 0 && !(await this.persist(isLive, () => this.states.load(missing)))) return undefined;
    const evaluate = () =>
      evaluateChunk(plan, {
        ...{ topic: stream.topic, partition: stream.partition, logEpoch: this.stored.logEpoch },
        ...{ catalog: parts.catalog, now: parts.now, wallNow: parts.wallNow, limits, pairs },
        firingsLeft: (license) => parts.firings.left(license),
        pendingLeft: (license) => parts.pending.left(license),
      });
    const afforded = parts.firings.afford(evaluate, (refill) => this.persist(isLive, refill));
    const result = afforded instanceof Promise ? await afforded : afforded;
    if (!result) return undefined;
    this.foresight.learn(plan, result);
    this.planner.forget(records, result.end.offset);
    return { seq: plan.seq, result };
  }

  private async store({ seq, result }: Decided, isLive: () => boolean): Promise<Answer> {
    const notices = this.parts.notices.of(result, this.parts.now());
    const hasEffects = result.firings.length + result.letters.length + notices.length > 0;
    if (hasEffects) return this.commit(seq, { ...result, notices }, isLive);
    this.cursor = result.end;
    this.parts.reports.processed(this.stream.topic, result);
    if (this.parts.now() - this.storedAtMs < this.parts.limits.flushMs) return 'ok';
    return (await this.persist(isLive, () => this.storeCursor())) ?? 'abandoned';
  }

  private async commit(
    seq: bigint,
    result: Afforded & { notices: readonly LogEventRow[] },
    isLive: () => boolean,
  ): Promise<Answer> {
    const { chunks, deadLetters, pending, notices, reports, now } = this.parts;
    const startedMs = now();
    const letters = deadLetters.admit(this.stream.topic, result.letters, startedMs);
    const chunk = {
      ...this.chunkTo(result.end, seq),
      ...{
        states: stateRows(result.states),
        firings: result.firings,
        deadLetters: letters.rows,
        logEvents: result.notices,
        scatteredBuckets: this.states.scatteredBuckets(result.states),
      },
    };
    let tries = 0;
    const answer = await this.persist<CommitResult | Refusal>(isLive, () => {
      tries += 1;
      return chunks.commit(chunk).catch(refusalOf);
    });
    if (answer?.kind !== 'ok') letters.undo();
    // After a try without an answer the chunk may be stored all the same: then what it fired stays spent.
    if (answer && answer.kind !== 'ok' && tries === 1) result.giveBack();
    if (!answer) return 'abandoned';
    if (answer.kind === 'refused') {
      reports.refused(this.stream, chunk.position.nextOffset, answer.error);
      return 'refused';
    }
    reports.committed(answer.kind, now() - startedMs);
    if (answer.kind !== 'ok') return answer.kind;
    this.reached(answer.position);
    this.states.stored(result.states);
    this.cache.countOwn(chunk.scatteredBuckets);
    for (const [license, queued] of queuedByLicense(result.firings)) pending.fired(license, queued);
    notices.told(result.notices, startedMs);
    reports.processed(this.stream.topic, result);
    const queued = result.firings.filter(({ isHeld }) => !isHeld);
    const endpointIds = new Set([...queued.map(({ endpointId }) => endpointId), ...answer.rung]);
    if (endpointIds.size > 0) this.parts.ring([...endpointIds]);
    return 'ok';
  }

  /** Steps over a record whose effects the database does not take: the stream must go on, and somebody must know. */
  private setAside(record: SourceRecord, seq: bigint, isLive: () => boolean): Promise<Answer> {
    const end = { offset: record.offset + 1n, index: 0 };
    const nothing = { ...emptyResult(end), notices: [], giveBack: () => undefined };
    return this.commit(seq, { ...nothing, letters: [notStorable(record)], records: 1 }, isLive);
  }

  private async storeCursor(): Promise<'ok' | 'fenced'> {
    const { nextOffset, nextIndex } = this.stored;
    if (this.cursor.offset === nextOffset && this.cursor.index === nextIndex) return 'ok';
    const chunk = { ...this.chunkTo(this.cursor, this.parts.index.seq), states: [], firings: [], deadLetters: [] };
    const answer = await this.parts.chunks.commit(chunk);
    if (answer.kind === 'conflict') throw new Error('a chunk without effects cannot conflict');
    if (answer.kind === 'fenced') return 'fenced';
    this.reached(answer.position);
    return 'ok';
  }

  private chunkTo(end: Cursor, indexSeq: bigint): Omit<Chunk, 'states' | 'firings' | 'deadLetters'> {
    const { topic, partition } = this.stream;
    return { topic, partition, position: this.stored, nextOffset: end.offset, nextIndex: end.index, indexSeq };
  }

  private reached(position: Position): void {
    this.stored = position;
    this.cursor = { offset: position.nextOffset, index: position.nextIndex };
    this.storedAtMs = this.parts.now();
  }

  /** Asks until the store answers; `undefined` when it had not by the time that `isLive` no longer held. */
  private persist<Result>(isLive: () => boolean, operation: () => Promise<Result>): Promise<Result | undefined> {
    const onError = (error: unknown) => this.parts.reports.storeFailed(this.stream, error);
    return retryWhile(isLive, operation, { delays: this.parts.retryDelays, onError });
  }
}
