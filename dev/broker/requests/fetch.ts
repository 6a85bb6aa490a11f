import { ErrorCode } from '../error-code.js';
import type { PartitionLog } from '../partition-log.js';
import { WireWriter } from '../wire-writer.js';
import { type Handler, NOT_THROTTLED_MS, type Request } from './request.js';

const MAX_WAIT_MS = 60_000;
const MAX_RESPONSE_BYTES = 32 * 1024 * 1024;
const NO_OFFSET = -1;
const NO_SESSION = 0;
/** "Aborted transactions" and "preferred replica": none. */
const NONE = -1;

interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: { topic: string; partitions: { partition: number; offset: number; maxBytes: number }[] }[];
}

interface PartitionAnswer {
  readonly partition: number;
  readonly error: number;
  readonly log: PartitionLog | undefined;
  readonly batches: readonly Buffer[];
  readonly sizeBytes: number;
}

interface Fetched {
  readonly topics: { topic: string; partitions: PartitionAnswer[] }[];
  /** Enough bytes, or an error, which is answered at once. */
  readonly isReady: boolean;
}

/** Fetch, versions 4–11. Fetch sessions (version 7) are never begun, so that each request names its partitions. */
export const fetch: Handler = async (request) => {
  const wanted = readRequest(request);
  const fetched = await fetchWhenReady(request, wanted);
  return fetched === undefined ? undefined : answer(request.version, fetched);
};

function readRequest({ reader, version }: Request): FetchRequest {
  reader.int32(); // The replica's id: consumers send -1.
  const maxWaitMs = Math.min(reader.int32(), MAX_WAIT_MS);
  const minBytes = reader.int32();
  const maxBytes = Math.min(reader.int32(), MAX_RESPONSE_BYTES);
  reader.int8(); // The isolation level: without transactions all records are committed.
  if (version >= 7) {
    reader.int32(); // Fetch session.
    reader.int32(); // Its epoch.
  }
  const readPartition = (): FetchRequest['topics'][number]['partitions'][number] => {
    const partition = reader.int32();
    if (version >= 9) reader.int32(); // The leader epoch that the client knows.
    const offset = reader.int64();
    if (version >= 5) reader.int64(); // A follower's start offset.
    return { partition, offset, maxBytes: reader.int32() };
  };
  const topics = reader.array(() => ({ topic: reader.string(), partitions: reader.array(readPartition) }));
  return { maxWaitMs, minBytes, maxBytes, topics };
}

/** Waits for records, at most as long as the client wants to. `undefined` when nobody waits for the answer any more. */
async function fetchWhenReady(request: Request, wanted: FetchRequest): Promise<Fetched | undefined> {
  const first = collect(request, wanted);
  if (first.isReady || wanted.maxWaitMs <= 0) return first;
  const logs = first.topics.flatMap(({ partitions }) => partitions.flatMap(({ log }) => log ?? []));
  return new Promise((resolve) => {
    let isCheckDue = false;
    const finish = (fetched: Fetched | undefined): void => {
      clearTimeout(timer);
      request.closed.removeEventListener('abort', abandon);
      for (const unsubscribe of unsubscribes) unsubscribe();
      resolve(fetched);
    };
    const abandon = (): void => finish(undefined);
    const check = (): void => {
      isCheckDue = false;
      if (request.closed.aborted) return;
      const fetched = collect(request, wanted);
      if (fetched.isReady) finish(fetched);
    };
    const wake = (): void => {
      // Later in this turn, so that one produce request for many partitions is seen whole.
      if (!isCheckDue) queueMicrotask(check);
      isCheckDue = true;
    };
    const timer = setTimeout(() => finish(collect(request, wanted)), wanted.maxWaitMs);
    const unsubscribes = logs.map((log) => log.subscribe(wake));
    request.closed.addEventListener('abort', abandon);
  });
}

function collect(request: Request, wanted: FetchRequest): Fetched {
  let sizeBytes = 0;
  let hasError = false;
  const topics = wanted.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, offset, maxBytes }) => {
      const roomBytes = Math.min(maxBytes, wanted.maxBytes - sizeBytes);
      // A batch that is larger than all limits must still get through, or the consumer would stand still for ever.
      const answered = read(request, { topic, partition, offset, roomBytes, atLeastOne: sizeBytes === 0 });
      sizeBytes += answered.sizeBytes;
      hasError ||= answered.error !== ErrorCode.none;
      return answered;
    }),
  }));
  return { topics, isReady: hasError || sizeBytes >= wanted.minBytes };
}

function read(
  { cluster, injectedError }: Request,
  item: { topic: string; partition: number; offset: number; roomBytes: number; atLeastOne: boolean },
): PartitionAnswer {
  const { topic, partition, offset, roomBytes, atLeastOne } = item;
  const log = cluster.topics.log(topic, partition);
  const failed = (error: number): PartitionAnswer => ({ partition, error, log, batches: [], sizeBytes: 0 });
  if (injectedError !== undefined) return failed(injectedError);
  if (log === undefined) return failed(ErrorCode.unknownTopicOrPartition);
  const found = log.read(offset, roomBytes, atLeastOne);
  if (found.kind === 'out_of_range') return failed(ErrorCode.offsetOutOfRange);
  return { partition, error: ErrorCode.none, log, batches: found.batches, sizeBytes: found.sizeBytes };
}

function answer(version: number, { topics }: Fetched): WireWriter {
  const writer = new WireWriter();
  writer.int32(NOT_THROTTLED_MS);
  if (version >= 7) writer.int16(ErrorCode.none).int32(NO_SESSION);
  return writer.array(topics, ({ topic, partitions }) => {
    writer.string(topic).array(partitions, ({ partition, error, log, batches, sizeBytes }) => {
      const endOffset = log?.endOffset ?? NO_OFFSET;
      writer.int32(partition).int16(error);
      writer.int64(endOffset).int64(endOffset); // The high watermark, and the last stable offset.
      if (version >= 5) writer.int64(log?.startOffset ?? NO_OFFSET);
      writer.int32(NONE);
      if (version >= 11) writer.int32(NONE);
      writer.int32(sizeBytes).raw(batches);
    });
  });
}
