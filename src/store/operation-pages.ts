import type { EntityManager } from 'typeorm';
import { BULK_SIZE, inParts } from './pages.js';

/** Pages that one statement writes: some 3 MB. */
const PAGES_PER_INSERT = 50;

/** Writes the list of an operation, cut into pages of `BULK_SIZE` that are counted from `firstPlace`. */
export async function insertPages(
  manager: EntityManager,
  operationId: string,
  firstPlace: number,
  vehicles: readonly string[],
): Promise<void> {
  const pages = [...inParts(vehicles, BULK_SIZE)].map((page, at) => ({ place: firstPlace + at, vehicles: page }));
  for (const some of inParts(pages, PAGES_PER_INSERT)) {
    await manager.query(
      `insert into operation_pages (operation_id, place, vehicles)
       select $1, p.place, array(select jsonb_array_elements_text(p.vehicles))
       from jsonb_to_recordset($2::jsonb) p (place int, vehicles jsonb)`,
      [operationId, JSON.stringify(some)],
    );
  }
}
