import fs from 'node:fs';
import path from 'node:path';
import { replaceFile } from './segment-files.js';

export interface CommittedOffset {
  readonly offset: number;
  readonly metadata: string;
}

/** One line of the journal. A group's end is a line without a topic; a topic's end is a line without a group. */
type JournalLine = [group: string | null, topic: string | null, partition?: number, offset?: number, metadata?: string];

const JOURNAL_FILE = 'group-offsets.jsonl';
/** The journal is rewritten when it has this many lines that newer ones made void. */
const MAX_VOID_LINES = 20_000;

/**
 * The offsets that consumer groups committed. With a directory they are kept in a journal: a commit is one line that is
 * written before the commit is answered, and at start the last line of each partition counts.
 */
export class GroupOffsets {
  readonly #groups = new Map<string, Map<string, Map<number, CommittedOffset>>>();
  readonly #file: string | undefined;
  #lines = 0;
  /** Bytes of the journal that are whole lines. */
  #sizeBytes = 0;
  #descriptor: number | undefined;

  constructor(directory: string | undefined) {
    this.#file = directory === undefined ? undefined : path.join(directory, JOURNAL_FILE);
    if (this.#file === undefined) return;
    if (fs.existsSync(this.#file)) this.#replay(fs.readFileSync(this.#file, 'utf8'));
    this.#rewrite(this.#file);
  }

  groups(): string[] {
    return [...this.#groups.keys()];
  }

  has(group: string): boolean {
    return this.#groups.has(group);
  }

  get(group: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(group)?.get(topic)?.get(partition);
  }

  /** The partitions that the group has committed offsets for, by topic. */
  partitionsOf(group: string): { topic: string; partitions: number[] }[] {
    const topics = this.#groups.get(group) ?? new Map<string, Map<number, CommittedOffset>>();
    return [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions.keys()] }));
  }

  /** Throws on I/O errors, and has then forgotten what it was told; so do the others that change something. */
  commit(group: string, topic: string, partition: number, committed: CommittedOffset): void {
    this.#apply([group, topic, partition, committed.offset, committed.metadata]);
  }

  forgetGroup(group: string): void {
    this.#apply([group, null]);
  }

  forgetTopic(topic: string): void {
    this.#apply([null, topic]);
  }

  flush(): void {
    if (this.#descriptor !== undefined) fs.fsyncSync(this.#descriptor);
  }

  close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #apply(line: JournalLine): void {
    if (this.#descriptor !== undefined) this.#append(this.#descriptor, Buffer.from(`${JSON.stringify(line)}\n`));
    this.#remember(line);
    this.#lines += 1;
    if (this.#file !== undefined && this.#lines > this.#count() + MAX_VOID_LINES) this.#shorten(this.#file);
  }

  /** A line that the disk takes only a part of is taken back: the next one must not go on in the middle of it. */
  #append(descriptor: number, line: Buffer): void {
    try {
      let written = 0;
      while (written < line.length) written += fs.writeSync(descriptor, line, written);
    } catch (error) {
      fs.ftruncateSync(descriptor, this.#sizeBytes);
      throw error;
    }
    this.#sizeBytes += line.length;
  }

  #remember([group, topic, partition, offset, metadata]: JournalLine): void {
    if (group === null && topic !== null) {
      for (const topics of this.#groups.values()) topics.delete(topic);
    } else if (group !== null && topic === null) {
      this.#groups.delete(group);
    } else if (group !== null && topic !== null && partition !== undefined && offset !== undefined) {
      const topics = getOrSet(this.#groups, group, () => new Map<string, Map<number, CommittedOffset>>());
      const partitions = getOrSet(topics, topic, () => new Map<number, CommittedOffset>());
      partitions.set(partition, { offset, metadata: metadata ?? '' });
    }
  }

  #replay(text: string): void {
    const lines = text.split('\n');
    lines.pop(); // Empty, or a line that a killed broker did not finish and so did not answer.
    for (const line of lines) this.#remember(JSON.parse(line) as JournalLine);
  }

  /** On a full disk the journal stays as it is, and is tried again when as many lines have come. */
  #shorten(file: string): void {
    try {
      this.#rewrite(file);
    } catch {
      this.#lines = 0;
    }
  }

  #rewrite(file: string): void {
    const lines: string[] = [];
    for (const [group, topics] of this.#groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, { offset, metadata }] of partitions) {
          lines.push(`${JSON.stringify([group, topic, partition, offset, metadata])}\n`);
        }
      }
    }
    const text = lines.join('');
    replaceFile(file, text);
    this.close();
    this.#lines = lines.length;
    this.#sizeBytes = Buffer.byteLength(text);
    this.#descriptor = fs.openSync(file, 'a');
  }

  #count(): number {
    let count = 0;
    for (const topics of this.#groups.values()) for (const partitions of topics.values()) count += partitions.size;
    return count;
  }
}

function getOrSet<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
