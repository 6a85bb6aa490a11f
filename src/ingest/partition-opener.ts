import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricKind } from '../core/catalog.js';
import type { Engine } from '../engine/engine.js';
import type { PartitionEngine } from '../engine/partition-engine.js';
import type { Chunks, Position } from '../engine/stores.js';
import type { Log } from '../observability/log.js';
import type { Metrics } from '../observability/metrics.js';
import type { KafkaAdmin, Watermarks } from './kafka-admin.js';

export interface SourceTopic {
  topic: string;
  metricKind: MetricKind;
}

export interface OpenerParts {
  engine: Engine;
  chunks: Chunks;
  admin: KafkaAdmin;
  groupId: string;
  log: Log;
  metrics: Metrics;
  /** How long a log has to stay too short before its topic counts as created anew. */
  resetConfirmMs: number;
}

/** Positions that are taken by others at the very moment are read again, this often. */
const MOVES_MAX = 5;

/** How a position stands to the log that is there now. */
export type Standing = { kind: 'within' } | { kind: 'overtaken' } | { kind: 'past_end' };

export function standingOf(nextOffset: bigint, { low, high }: Watermarks): Standing {
  if (nextOffset > high) return { kind: 'past_end' };
  return nextOffset < low ? { kind: 'overtaken' } : { kind: 'within' };
}

/**
 * Decides where partitions begin. The position in the database is the truth. A partition that never had one takes over
 * where the consumer group's committed offset in Kafka is, else begins at its first record. Where retention deleted
 * records before they were read, their range is an event (`stream.lost`) and a metric, and the stream goes on behind
 * them. A position past the end means that the topic was created anew or lost its tail: offsets begin a new epoch
 * (`stream.reset`), so that firings of both lives have different ids. A topic that was created anew and is already longer
 * than the position looks like the old one; offsets do not tell.
 */
export class PartitionOpener {
  constructor(private readonly parts: OpenerParts) {}

  /** Opens partitions of a topic. Throws when Kafka or the database does not answer. */
  async open({ topic, metricKind }: SourceTopic, partitions: readonly number[]): Promise<Map<number, PartitionEngine>> {
    const { admin, chunks, engine } = this.parts;
    const watermarks = await admin.watermarks(topic);
    const partitionCount = watermarks.size;
    const stored = await chunks.positions(topic, partitions, partitionCount);
    const isTakeOver = partitions.some((partition) => !stored.has(partition));
    const committed = isTakeOver ? await admin.committed(this.parts.groupId, topic) : new Map<number, bigint>();
    const opened = new Map<number, PartitionEngine>();
    for (const partition of partitions) {
      const seen = watermarks.get(partition);
      if (seen === undefined) throw new Error(`${topic} has no partition ${partition}`);
      const begin = () => chunks.open(topic, partition, committed.get(partition) ?? seen.low, partitionCount);
      const known = stored.get(partition) ?? (await begin());
      // A look asks for the whole topic: only who does not fit what was seen already is worth another.
      const isWithin = standingOf(known.nextOffset, seen).kind === 'within';
      const position = isWithin ? known : await this.settle(topic, partition, known);
      const stream = { topic, partition, metricKind, partitionCount };
      opened.set(partition, engine.partition({ ...stream, position }));
    }
    return opened;
  }

  /** Says which partitions of a topic are ours from now on. */
  retain(topic: string, partitions: readonly number[]): void {
    this.parts.engine.retain(topic, partitions);
  }

  private async settle(topic: string, partition: number, known: Position): Promise<Position> {
    let position = known;
    for (let tries = 0; tries < MOVES_MAX; tries++) {
      const { standing, watermarks } = await this.standing(topic, partition, position.nextOffset);
      if (standing.kind === 'within') return position;
      const answer = await this.move(topic, partition, { position, standing, watermarks });
      if (answer.kind === 'ok') return answer.position;
      position = (await this.parts.chunks.positions(topic, [partition])).get(partition) ?? position;
    }
    throw new Error(`the position of ${topic}/${partition} is taken by others again and again`);
  }

  /** A log that ends before the position is looked at twice: right after a change of leaders it may lag behind. */
  private async standing(
    topic: string,
    partition: number,
    nextOffset: bigint,
  ): Promise<{ standing: Standing; watermarks: Watermarks }> {
    const look = async () => {
      const watermarks = (await this.parts.admin.watermarks(topic)).get(partition);
      if (!watermarks) throw new Error(`${topic} has no partition ${partition}`);
      return { standing: standingOf(nextOffset, watermarks), watermarks };
    };
    const seen = await look();
    if (seen.standing.kind !== 'past_end') return seen;
    await sleep(this.parts.resetConfirmMs);
    return look();
  }

  private async move(
    topic: string,
    partition: number,
    found: { position: Position; standing: Standing; watermarks: Watermarks },
  ): Promise<{ kind: 'ok'; position: Position } | { kind: 'fenced' }> {
    const { position, standing, watermarks } = found;
    const isReset = standing.kind === 'past_end';
    const to = { logEpoch: position.logEpoch + (isReset ? 1 : 0), nextOffset: watermarks.low };
    const [from, low, high] = [position.nextOffset, watermarks.low, watermarks.high].map(String);
    const payload = isReset
      ? { expectedOffset: from, low, high, logEpoch: to.logEpoch }
      : { from, to: low, records: String(watermarks.low - position.nextOffset) };
    const type = isReset ? 'stream.reset' : 'stream.lost';
    const answer = await this.parts.chunks.move(topic, partition, position, to, { type, payload });
    if (answer.kind === 'fenced') return answer;
    if (!isReset) this.parts.metrics.streamLost.inc({ topic }, Number(watermarks.low - position.nextOffset));
    const message = isReset ? 'the log ends before our position: a new epoch begins' : 'records were deleted unread';
    this.parts.log.error({ topic, partition, ...payload }, message);
    return answer;
  }
}
