import type { Chunk, ChunkStore, DeadLetterRow, FiringRow, LogEventRow, Position, StateRow } from '../store/chunks.js';
import type { IndexChange, IndexLog } from '../store/index-log.js';
import type { Lately } from '../store/lately.js';
import type { PendingDeliveries } from '../store/pending-deliveries.js';
import type { StateStore } from '../store/states.js';

/** What the data plane asks of the store. Narrow, so that a test of its own can stand in where no database is needed. */
export type Chunks = Pick<ChunkStore, 'positions' | 'open' | 'commit' | 'move' | 'lately'>;
export type States = Pick<StateStore, 'load'>;
export type Pending = Pick<PendingDeliveries, 'count' | 'limits'>;
export type Changes = Pick<IndexLog, 'load' | 'since'>;

export type { Chunk, DeadLetterRow, FiringRow, IndexChange, Lately, LogEventRow, Position, StateRow };
