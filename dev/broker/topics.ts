import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ErrorCode } from './error-code.js';
import { type LogSettings, PartitionLog } from './partition-log.js';
import { replaceFile } from './segment-files.js';

export const MAX_TOPICS = 1000;
export const MAX_PARTITIONS_PER_TOPIC = 256;
/** Kafka's own rule; "." and ".." are refused as well. */
const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;
const TOPICS_FILE = 'topics.json';

export interface Topic {
  readonly name: string;
  /** Names the directory of its logs, so that a topic that is created again never meets its predecessor's files. */
  readonly id: string;
  readonly partitions: PartitionLog[];
}

/** True for names that Kafka accepts for a topic. */
export function isTopicName(name: string): boolean {
  return TOPIC_NAME.test(name) && name !== '.' && name !== '..';
}

/**
 * The topics and their logs. With a directory, the list of topics is a file that is replaced as a whole by each change.
 * Logs are made before it names them and deleted after: those that it does not name are left-overs, and removed at start.
 */
export class Topics {
  readonly #topics = new Map<string, Topic>();

  /** Throws when the list of topics cannot be read. */
  constructor(
    private readonly directory: string | undefined,
    private readonly settings: LogSettings,
  ) {
    if (directory === undefined) return;
    fs.mkdirSync(path.join(directory, 'logs'), { recursive: true });
    for (const { name, id, partitions } of readTopicList(path.join(directory, TOPICS_FILE))) {
      this.#topics.set(name, { name, id, partitions: this.#openLogs(id, 0, partitions) });
    }
    this.#removeLeftOvers(path.join(directory, 'logs'));
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  log(name: string, partition: number): PartitionLog | undefined {
    return this.#topics.get(name)?.partitions[partition];
  }

  all(): Topic[] {
    return [...this.#topics.values()];
  }

  /** Why a topic cannot be created, as an error code; `none` when it can. */
  refusalToCreate(name: string, partitionCount: number): number {
    if (!isTopicName(name)) return ErrorCode.invalidTopic;
    if (this.#topics.has(name)) return ErrorCode.topicAlreadyExists;
    if (partitionCount < 1 || partitionCount > MAX_PARTITIONS_PER_TOPIC) return ErrorCode.invalidPartitions;
    return this.#topics.size >= MAX_TOPICS ? ErrorCode.policyViolation : ErrorCode.none;
  }

  /** Returns an error code; `none` when the topic was created. Throws on I/O errors, and then there is no such topic. */
  create(name: string, partitionCount: number): number {
    const refusal = this.refusalToCreate(name, partitionCount);
    if (refusal !== ErrorCode.none) return refusal;
    const topic: Topic = { name, id: randomUUID(), partitions: [] };
    topic.partitions.push(...this.#openLogs(topic.id, 0, partitionCount));
    this.#topics.set(name, topic);
    try {
      this.#save();
    } catch (error) {
      this.#topics.delete(name);
      throw error;
    }
    return ErrorCode.none;
  }

  /** Why a topic cannot grow to `partitionCount` partitions, as an error code; `none` when it can. */
  refusalToGrow(name: string, partitionCount: number): number {
    const topic = this.#topics.get(name);
    if (topic === undefined) return ErrorCode.unknownTopicOrPartition;
    const isMore = partitionCount > topic.partitions.length && partitionCount <= MAX_PARTITIONS_PER_TOPIC;
    return isMore ? ErrorCode.none : ErrorCode.invalidPartitions;
  }

  /** Returns an error code; `none` when the topic has `partitionCount` partitions now. */
  grow(name: string, partitionCount: number): number {
    const topic = this.#topics.get(name);
    const refusal = this.refusalToGrow(name, partitionCount);
    if (topic === undefined || refusal !== ErrorCode.none) return refusal;
    const { length } = topic.partitions;
    topic.partitions.push(...this.#openLogs(topic.id, length, partitionCount));
    try {
      this.#save();
    } catch (error) {
      topic.partitions.length = length;
      throw error;
    }
    return ErrorCode.none;
  }

  /** Returns an error code; `none` when the topic and its records are gone. */
  delete(name: string): number {
    const topic = this.#topics.get(name);
    if (topic === undefined) return ErrorCode.unknownTopicOrPartition;
    this.#topics.delete(name);
    try {
      this.#save();
    } catch (error) {
      this.#topics.set(name, topic);
      throw error;
    }
    for (const log of topic.partitions) log.remove();
    if (this.directory !== undefined) fs.rmSync(path.join(this.directory, 'logs', topic.id), { recursive: true });
    return ErrorCode.none;
  }

  applyRetention(): void {
    for (const log of this.#logs()) log.applyRetention();
  }

  flush(): void {
    for (const log of this.#logs()) log.flush();
  }

  close(): void {
    for (const log of this.#logs()) log.close();
  }

  *#logs(): Generator<PartitionLog> {
    for (const topic of this.#topics.values()) yield* topic.partitions;
  }

  #openLogs(topicId: string, from: number, to: number): PartitionLog[] {
    const { directory, settings } = this;
    return Array.from({ length: to - from }, (_, index) => {
      const own = directory === undefined ? undefined : path.join(directory, 'logs', topicId, String(from + index));
      return new PartitionLog(own, settings);
    });
  }

  #save(): void {
    if (this.directory === undefined) return;
    const list = this.all().map(({ name, id, partitions }) => ({ name, id, partitions: partitions.length }));
    replaceFile(path.join(this.directory, TOPICS_FILE), JSON.stringify(list, undefined, 1));
  }

  #removeLeftOvers(logsDirectory: string): void {
    const known = new Set(this.all().map((topic) => topic.id));
    for (const name of fs.readdirSync(logsDirectory)) {
      if (!known.has(name)) fs.rmSync(path.join(logsDirectory, name), { recursive: true });
    }
  }
}

function readTopicList(file: string): { name: string; id: string; partitions: number }[] {
  if (!fs.existsSync(file)) return [];
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as { name: string; id: string; partitions: number }[];
  } catch (cause) {
    throw new Error(`${file} is not a list of topics. Delete the broker's whole directory to start empty.`, { cause });
  }
}
