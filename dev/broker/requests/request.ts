import type { Groups } from '../groups.js';
import type { Topics } from '../topics.js';
import type { WireReader } from '../wire-reader.js';
import type { WireWriter } from '../wire-writer.js';

/** The one node of the cluster. */
export const NODE_ID = 1;
/** "Authorized operations" that were not asked for. */
export const NO_OPERATIONS = -2147483648;
/** "Leader epoch" of a broker that counts none. */
export const NO_EPOCH = -1;
export const NOT_THROTTLED_MS = 0;

/** What the requests act on. */
export interface Cluster {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly partitionsPerTopic: number;
  readonly autoCreateTopics: boolean;
  readonly retentionBytes: number;
  readonly retentionMs: number;
  readonly maxBatchBytes: number;
  newProducerId(): number;
}

export interface Request {
  /** Stands after the request's header. */
  readonly reader: WireReader;
  readonly version: number;
  readonly clientId: string;
  readonly clientHost: string;
  readonly cluster: Cluster;
  /** Set by tests: nothing is done, and each item of the request is answered with this error code. */
  readonly injectedError: number | undefined;
  /** Aborted when the connection is gone, or the broker stops: whoever waits need not wait any longer. */
  readonly closed: AbortSignal;
}

/** Answers one request. `undefined` when the protocol wants no answer. Throws WireError on a malformed request. */
export type Handler = (request: Request) => WireWriter | undefined | Promise<WireWriter | undefined>;
