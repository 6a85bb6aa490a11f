import type { Database } from '../../src/store/database.js';

/** Rows of one `fetch`. */
const PAGE = 5_000;

/** Reads all triggers and subscriptions through a cursor, in the order that is cheapest, and does nothing with them. */
export async function readRows(database: Database): Promise<void> {
  await database.session(async (client) => {
    await client.query('begin read only; set local enable_seqscan = on; set local cursor_tuple_fraction = 1');
    for (const sql of ['select * from triggers', 'select trigger_id, vehicle from subscriptions']) {
      await client.query(`declare bare no scroll cursor for ${sql}`);
      while ((await client.query(`fetch ${PAGE} from bare`)).rows.length === PAGE);
      await client.query('close bare');
    }
    await client.query('commit');
  });
}
