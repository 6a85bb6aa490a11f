import type { Database } from './database.js';

/** What seals secrets: see `SecretBox`. */
export interface SecretSealing {
  open(sealed: string, endpointId: string): string;
  seal(plain: string, endpointId: string): string;
  /** Sealed with the key that `seal` uses. */
  isCurrent(sealed: string): boolean;
}

export interface Renewal {
  /** Endpoints of which something was sealed anew. */
  renewed: number;
  /** Endpoints of which something could not be opened, and was left as it is. */
  unreadable: number;
}

const BATCH = 500;
const SEALED = ['secret', 'previous_secret', 'signing_key', 'previous_signing_key', 'headers'] as const;
type SealedTexts = Record<(typeof SEALED)[number], string | null>;

/**
 * Seals with the current key what was sealed with an older one, so that this one can go once nothing is unreadable
 * without it. What is changed by others at this moment stays as they leave it. Any number of processes may run it.
 */
export async function renewSecrets(database: Database, box: SecretSealing): Promise<Renewal> {
  const total: Renewal = { renewed: 0, unreadable: 0 };
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await database.dataSource.query<(SealedTexts & { id: string })[]>(
      `select id, ${SEALED.join(', ')} from endpoints where id > $1 order by id limit ${BATCH}`,
      [after],
    );
    for (const { id, ...texts } of rows) {
      const { renewed, isReadable } = resealed(box, id, texts);
      if (!isReadable) total.unreadable += 1;
      if (renewed !== undefined && (await replace(database, id, texts, renewed))) total.renewed += 1;
    }
    if (rows.length < BATCH) return total;
    after = rows.at(-1)!.id;
  }
}

/** Forgets secrets whose time beside their successors is over; resolves to how many endpoints had one. */
export async function forgetPreviousSecrets(database: Database): Promise<number> {
  const [, count] = await database.dataSource.query<[unknown, number]>(
    `update endpoints set previous_secret = null, previous_signing_key = null, previous_until = null
     where previous_until < now()`,
  );
  return count;
}

/** `renewed` is undefined when everything is sealed as it should be, or cannot be opened. */
function resealed(
  box: SecretSealing,
  id: string,
  texts: SealedTexts,
): { renewed: SealedTexts | undefined; isReadable: boolean } {
  const renewed = { ...texts };
  let isReadable = true;
  for (const name of SEALED) {
    const text = texts[name];
    if (text === null || box.isCurrent(text)) continue;
    try {
      renewed[name] = box.seal(box.open(text, id), id);
    } catch {
      isReadable = false;
    }
  }
  const isChanged = SEALED.some((name) => renewed[name] !== texts[name]);
  return { renewed: isChanged ? renewed : undefined, isReadable };
}

/** False when one of them was changed meanwhile: that is newer, and sealed with the current key. */
async function replace(database: Database, id: string, from: SealedTexts, to: SealedTexts): Promise<boolean> {
  const isSame = SEALED.map((name, place) => `${name} is not distinct from $${place + 2}`).join(' and ');
  const assignments = SEALED.map((name, place) => `${name} = $${place + 2 + SEALED.length}`).join(', ');
  const [, count] = await database.dataSource.query<[unknown, number]>(
    `update endpoints set ${assignments} where id = $1 and ${isSame}`,
    [id, ...SEALED.map((name) => from[name]), ...SEALED.map((name) => to[name])],
  );
  return count === 1;
}
