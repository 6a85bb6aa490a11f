import type { MetricKind } from '../core/catalog.js';
import type { Database } from './database.js';
import {
  BEGIN_PERMISSION_ROUND,
  MOVE_PERMISSION_ROUND,
  PERMISSION_ROUND_BOUND,
  READ_TOLD,
} from './sql/permission-rounds.js';

/** How far log events were gone through, in the order of the transactions that wrote them. */
export interface RoundPlace {
  xid: string;
  id: string;
}

/** A license was told something of a vehicle, which is subscribed, by this metric. */
export interface ToldMetric {
  license: string;
  vehicle: string;
  metricKind: MetricKind;
  metric: string;
}

export interface RoundPage {
  /** Each once. */
  told: ToldMetric[];
  upTo: RoundPlace;
  /** There is more behind it. */
  isCut: boolean;
}

/**
 * What licenses were told of vehicles, for whoever asks whether they still may be: the log events of firings, whatever
 * becomes of their deliveries. They are gone through in rounds, of which all processes together begin one in a period.
 * Where a round got to is on record: no event is passed over, however late its transaction ended or however old its
 * record was, and one that a process did not get through is gone through again. A transaction that stays open anywhere
 * on the server holds back what was written since, as it does the feed.
 */
export class PermissionRounds {
  constructor(private readonly database: Database) {}

  /** From where to go on, for the process that begins this period's round; undefined for all others. */
  async begin(everyMs: number): Promise<RoundPlace | undefined> {
    const { rows } = await this.database.pool.query<RoundPlace>({ ...BEGIN_PERMISSION_ROUND, values: [everyMs] });
    return rows[0];
  }

  /** A thousand log events from a place on, of whatever type. */
  async read({ xid, id }: RoundPlace): Promise<RoundPage> {
    const { pool } = this.database;
    const bound = await pool.query<RoundPlace & { is_cut: boolean }>({ ...PERMISSION_ROUND_BOUND, values: [xid, id] });
    const { is_cut: isCut, ...upTo } = bound.rows[0]!;
    const { rows } = await pool.query<ToldMetric>({ ...READ_TOLD, values: [xid, id, upTo.xid, upTo.id] });
    return { told: rows, upTo, isCut };
  }

  /** Everything before `to` was asked for. False when another round has moved on meanwhile: it does the rest. */
  async move(from: RoundPlace, to: RoundPlace): Promise<boolean> {
    const values = [from.xid, from.id, to.xid, to.id];
    const { rowCount } = await this.database.pool.query({ ...MOVE_PERMISSION_ROUND, values });
    return rowCount !== 0;
  }
}
