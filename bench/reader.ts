import { setTimeout as sleep } from 'node:timers/promises';

/** Processes that read a topic from its first record on. */
export interface Reader {
  /** How many records they have read so far. */
  read(): Promise<number>;
  /** Rejects when one of them ends by itself. */
  readonly ended: Promise<never>;
  stop(): Promise<void>;
}

const LOOK_MS = 200;
/** What is read first is not counted: the group is being joined, nothing is compiled, nothing is cached. */
const WARM_UP = 0.3;

/** Records a second from when a reader is warm until, nearly, it has read all. */
export async function readingRate(reader: Reader, records: number): Promise<number> {
  try {
    return await Promise.race([reader.ended, watch(reader, records)]);
  } finally {
    await reader.stop();
  }
}

async function watch(reader: Reader, records: number): Promise<number> {
  const looks: { atMs: number; done: number }[] = [];
  for (let done = 0; done < records; await sleep(LOOK_MS)) {
    done = await reader.read();
    looks.push({ atMs: performance.now(), done });
  }
  // The last look is later than the last record. Trials are too short for others.
  const counted = looks.filter(({ done }) => done >= records * WARM_UP && done < records);
  const [first, last] =
    counted.length > 1 ? [counted[0]!, counted.at(-1)!] : [looks.findLast(({ done }) => done === 0)!, looks.at(-1)!];
  return ((last.done - first.done) / (last.atMs - first.atMs)) * 1_000;
}
