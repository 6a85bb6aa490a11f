import { FIRING } from '../core/event-types.js';
import { binaryTexts } from './array-binary.js';
import { plainArray, textArray } from './array-text.js';
import type { Database } from './database.js';
import { type Lately, readLately } from './lately.js';
import { newLogId } from './log-id.js';
import { COMMIT_CHUNK, SCATTERED_BUCKETS } from './sql/commit-chunk.js';
import { GROW_TOPIC } from './sql/grow-topic.js';
import { MOVE_POSITION } from './sql/move-position.js';

export { SCATTERED_BUCKETS };

/** How far a partition of a topic is processed. */
export interface Position {
  /** Counts the lives of the topic: raised when its offsets began anew. */
  logEpoch: number;
  /** The record to go on with. */
  nextOffset: bigint;
  /** The sample in that record to go on with; 0 unless a chunk ended inside it. */
  nextIndex: number;
  /** Raised by each commit: who does not know the latest has lost the partition. */
  version: bigint;
}

/** A firing: its event, and the delivery to the trigger's endpoint. Its state is one of the chunk's `states`. */
export interface FiringRow {
  eventId: string;
  license: string;
  triggerId: string;
  vehicle: string;
  /** The CloudEvent, as it will be sent: JSON as `JSON.stringify` writes it. */
  payload: string;
  deliveryId: string;
  endpointId: string;
  /** Too many deliveries of the license are pending: those of this firing, listeners' too, are on record as held. */
  isHeld?: boolean;
}

/** A state as the chunk leaves it. */
export interface StateRow {
  triggerId: string;
  vehicle: string;
  /** The version that it was computed from; 0 when none was stored. */
  expectedVersion: number;
  /** The trigger's revision under which it was computed. */
  revision: number;
  firedAtMs: number;
  /** Text of `encodeReading`. */
  previous: string;
  /** Firings in all, these included. */
  sequence: number;
}

/** A record, or one sample of it, that was stepped over. */
export interface DeadLetterRow {
  offset: bigint;
  /** Place of the sample in the record; null for all of it. */
  index: number | null;
  reason: string;
  detail: string;
  excerpt: Buffer;
  /** How many like it were not recorded before this one. */
  suppressed: number;
}

/** An event that the engine writes of its own, such as `trigger.throttled`, for whoever listens to it. */
export interface LogEventRow {
  eventId: string;
  type: string;
  license: string;
  triggerId: string | null;
  vehicle: string | null;
  /** JSON as `JSON.stringify` writes it. */
  payload: string;
}

/** What some records of one partition lead to. All of it is written, or none. */
export interface Chunk {
  topic: string;
  partition: number;
  /** As it is on record, to the best of the caller's knowledge. */
  position: Position;
  nextOffset: bigint;
  nextIndex: number;
  /** The place in the index's sequence under which the chunk was evaluated. */
  indexSeq: bigint;
  /** One for each (trigger, vehicle) that fired, however often: two are refused by the database. */
  states: readonly StateRow[];
  firings: readonly FiringRow[];
  deadLetters: readonly DeadLetterRow[];
  logEvents?: readonly LogEventRow[];
  /** The buckets, from 0, of vehicles among the states whose other records are in other partitions, see `readLately`. */
  scatteredBuckets?: readonly number[];
}

/**
 * `rung`: endpoints that have something new besides those of the firings. Fenced: the position was taken by another,
 * forget it. Conflict: reload the state or the index, evaluate again.
 */
export type CommitResult =
  | { kind: 'ok'; position: Position; rung: string[] }
  | { kind: 'fenced' }
  | { kind: 'conflict'; with: 'state' | 'trigger' };

/** An event that is to be written is on record already, although its position was not: positions and log disagree. */
export class DuplicateEvent extends Error {
  override readonly name = 'DuplicateEvent';
}

interface PositionRow {
  partition: number;
  log_epoch: number;
  next_offset: string;
  next_index: number;
  version: string;
}

/**
 * Where the effects of chunks are written, exactly once: the position is part of the same transaction. Any error that
 * is thrown, but for `DuplicateEvent`, leaves open whether the chunk was committed; trying again tells, as 'fenced'.
 */
export class ChunkStore {
  constructor(private readonly database: Database) {}

  /**
   * The positions on record; a partition without one is not in the map. Who opens the partitions says how many the topic
   * has now: when that is another number than when it was opened last, whoever goes by the former one is fenced, on all
   * partitions, before this answers.
   */
  async positions(
    topic: string,
    partitions: readonly number[],
    partitionCount?: number,
  ): Promise<Map<number, Position>> {
    if (partitionCount !== undefined)
      await this.database.pool.query({ ...GROW_TOPIC, values: [topic, partitionCount] });
    const { rows } = await this.database.pool.query<PositionRow>({
      name: 'read_positions',
      text: `select partition, log_epoch, next_offset, next_index, version from stream_positions
             where topic = $1 and partition = any ($2::int[])`,
      values: [topic, partitions],
    });
    return new Map(rows.map((row) => [row.partition, toPosition(row)]));
  }

  /** The position on record, see `positions`; the first time ever, one that begins at `nextOffset`. */
  async open(topic: string, partition: number, nextOffset: bigint, partitionCount?: number): Promise<Position> {
    await this.database.pool.query(
      `insert into stream_positions
         (topic, partition, log_epoch, next_offset, next_index, version, updated_at, partition_count)
       select $1, $2, 0, $3, 0, 0, now(),
              coalesce((select max(partition_count) from stream_positions where topic = $1), $4, 0)
       on conflict do nothing`,
      [topic, partition, nextOffset, partitionCount ?? null],
    );
    return (await this.positions(topic, [partition], partitionCount)).get(partition)!;
  }

  /** Writes a chunk; without effects, its position alone. Throws `DuplicateEvent`, and what a broken connection throws. */
  async commit(chunk: Chunk): Promise<CommitResult> {
    const values = commitValues(chunk);
    // A refusal is handed out of the session as a value: a session that throws costs its connection.
    const answer = await this.database.session(async (client) => {
      try {
        return (await client.query<{ rung: string[] | null }>({ ...COMMIT_CHUNK, values })).rows[0]!.rung;
      } catch (error) {
        if (isRefusal(error)) return error;
        throw error;
      }
    });
    if (answer instanceof Error) return conflictOf(answer, chunk);
    if (answer === null) return { kind: 'fenced' };
    const { position, nextOffset, nextIndex } = chunk;
    const { logEpoch, version } = position;
    return { kind: 'ok', position: { logEpoch, nextOffset, nextIndex, version: version + 1n }, rung: answer };
  }

  /** See `readLately`. */
  lately(topic: string): Promise<Lately> {
    return readLately(this.database, topic);
  }

  /** Sets a position elsewhere, with a log event for operators that tells why. */
  async move(
    topic: string,
    partition: number,
    position: Position,
    to: { logEpoch: number; nextOffset: bigint },
    event: { type: 'stream.reset' | 'stream.lost'; payload: object },
  ): Promise<{ kind: 'ok'; position: Position } | { kind: 'fenced' }> {
    const from = [topic, partition, position.logEpoch, position.version];
    const payload = JSON.stringify({ topic, partition, ...event.payload });
    const { rowCount } = await this.database.pool.query({
      ...MOVE_POSITION,
      values: [...from, to.logEpoch, to.nextOffset, newLogId(), event.type, payload],
    });
    if (rowCount === 0) return { kind: 'fenced' };
    return { kind: 'ok', position: { ...to, nextIndex: 0, version: position.version + 1n } };
  }
}

/** What the commit's own rules or a unique index refused; the connection is as good as before. */
interface Refusal extends Error {
  code: 'TL002' | '23505';
  detail?: string;
  table?: string;
}

function isRefusal(error: unknown): error is Refusal {
  const { code } = error as { code?: string };
  return code === 'TL002' || code === '23505';
}

function conflictOf(error: Refusal, chunk: Chunk): CommitResult {
  const { code, detail, table } = error;
  if (code === 'TL002') return { kind: 'conflict', with: detail === 'state' ? 'state' : 'trigger' };
  if (table?.startsWith('events')) {
    const { topic, partition, position } = chunk;
    const place = `${topic}/${partition}, epoch ${position.logEpoch}, up to offset ${chunk.nextOffset}`;
    throw new DuplicateEvent(`an event of the chunk at ${place} is in the log already: ${detail}`, { cause: error });
  }
  throw error;
}

/** The parameters of `COMMIT_CHUNK`. */
export function commitValues(chunk: Chunk): unknown[] {
  const { topic, partition, position, nextOffset, nextIndex } = chunk;
  return [
    ...[topic, partition, position.logEpoch, position.version, nextOffset, nextIndex, chunk.indexSeq],
    (chunk.scatteredBuckets ?? []).map((bucket) => bucket + 1),
    ...stateArrays(chunk.states),
    ...eventArrays(chunk.firings, chunk.logEvents ?? []),
    ...deadLetterArrays(chunk.deadLetters),
  ];
}

/** Sorted, so that all commits lock shared states in one order. */
function stateArrays(states: readonly StateRow[]): unknown[] {
  const sorted = states.toSorted((a, b) =>
    a.triggerId === b.triggerId ? (a.vehicle < b.vehicle ? -1 : 1) : a.triggerId < b.triggerId ? -1 : 1,
  );
  return [
    textArray(sorted, (state) => state.triggerId),
    textArray(sorted, (state) => state.vehicle),
    plainArray(sorted, (state) => state.expectedVersion + 1),
    plainArray(sorted, (state) => state.revision),
    textArray(sorted, (state) => new Date(state.firedAtMs).toISOString()),
    binaryTexts(sorted, (state) => state.previous),
    plainArray(sorted, (state) => state.sequence),
  ];
}

function eventArrays(firings: readonly FiringRow[], logEvents: readonly LogEventRow[]): unknown[] {
  const events: readonly Omit<LogEventRow, 'type'>[] = logEvents.length === 0 ? firings : [...firings, ...logEvents];
  return [
    textArray(events, (event) => event.eventId),
    textArray([...firings.map(() => FIRING), ...logEvents.map((event) => event.type)], (type) => type),
    textArray(events, (event) => event.license),
    textArray(events, (event) => event.triggerId),
    textArray(events, (event) => event.vehicle),
    binaryTexts(events, (event) => event.payload),
    textArray(firings, (firing) => firing.deliveryId),
    textArray(firings, (firing) => firing.eventId),
    textArray(firings, (firing) => firing.endpointId),
    plainArray(firings, (firing) => firing.isHeld === true),
  ];
}

/** PostgreSQL's text has no NUL, and a poison record may: one that could not be recorded would stop the stream. */
function deadLetterArrays(letters: readonly DeadLetterRow[]): unknown[] {
  return [
    letters.map((letter) => letter.offset),
    letters.map((letter) => letter.index),
    letters.map((letter) => letter.reason.replaceAll('\0', '\uFFFD')),
    letters.map((letter) => letter.detail.replaceAll('\0', '\uFFFD')),
    letters.map((letter) => letter.excerpt),
    letters.map((letter) => letter.suppressed),
  ];
}

function toPosition(row: PositionRow): Position {
  return {
    logEpoch: row.log_epoch,
    nextOffset: BigInt(row.next_offset),
    nextIndex: row.next_index,
    version: BigInt(row.version),
  };
}
