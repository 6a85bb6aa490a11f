import type { EntityManager } from 'typeorm';
import { missingScopes, type Scope } from '../core/scopes.js';
import type { Actor } from './actor.js';
import { inChange } from './change.js';
import type { Database } from './database.js';
import { inBatches } from './in-batches.js';
import { newLogId } from './log-id.js';
import type { Page } from './pages.js';
import { API_KEY_STATUS, FIND_API_KEY, NOTE_USE_OF_API_KEY } from './sql/find-api-key.js';
import { lockStock, type OverQuota, roomFor, type StockLimits } from './stock.js';

/** How long a key that is over stays in the list, so that its owner finds out whose it was. */
const KEPT_DAYS = 90;
/** Whoever makes and revokes keys all day must not make one statement of it that takes too long. */
const FORGOTTEN_AT_ONCE = 10_000;

export type ApiKeyStatus = 'active' | 'expired' | 'revoked';

/** A key to be made. The key itself never comes here. */
export interface NewApiKey {
  name: string;
  hash: Buffer;
  /** As much of it as may be seen again. */
  shown: string;
  scopes: readonly Scope[];
  /** The end of the key that makes it when not given, never when that has none. */
  expiresAt?: Date;
}

/** A key as its license may see it. */
export interface ApiKeyRecord {
  id: string;
  name: string;
  shown: string;
  scopes: Scope[];
  /** The key that made it; null for a developer's token. */
  madeBy: string | null;
  createdAt: Date;
  expiresAt: Date | null;
  /** To the minute. */
  lastUsedAt: Date | null;
  status: ApiKeyStatus;
}

/** Whose key it is, and what it is worth by the database's clock. */
export interface FoundApiKey {
  id: string;
  license: string;
  scopes: Scope[];
  expiresAt: Date | null;
  /** What is left of it; null for no end. */
  endsInMs: number | null;
  status: ApiKeyStatus;
}

/** What became of the wish for a key. Nothing has happened unless it was made. */
export type MadeApiKey =
  | { kind: 'made'; key: ApiKeyRecord }
  /** The key that was to make it has expired or was revoked meanwhile. */
  | { kind: 'maker_ended'; status: 'expired' | 'revoked' }
  | { kind: 'too_wide'; missing: Scope[] }
  | { kind: 'too_late'; makerExpiresAt: Date }
  | OverQuota;

/** Keys of one license at a time: another license's id is as unknown as one that never was. */
export class ApiKeyStore {
  constructor(
    private readonly database: Database,
    private readonly limits: StockLimits,
  ) {}

  /** Those that are over too, newest first. */
  async list(license: string, page: Page): Promise<ApiKeyRecord[]> {
    const rows = await this.database.dataSource.query<ApiKeyRow[]>(
      `select ${COLUMNS} from api_keys where license = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
      [license, page.after ?? null, page.limit],
    );
    return rows.map(toRecord);
  }

  async get(license: string, id: string): Promise<ApiKeyRecord | undefined> {
    const rows = await this.database.dataSource.query<ApiKeyRow[]>(
      `select ${COLUMNS} from api_keys where license = $1 and id = $2`,
      [license, id],
    );
    return rows.map(toRecord)[0];
  }

  /**
   * Makes a key, never wider than the key that makes it and not beyond the license's limit. The maker is held as it is
   * meanwhile: nothing is made by a key whose revocation was answered.
   */
  create(actor: Actor, given: NewApiKey): Promise<MadeApiKey> {
    return inChange(this.database, actor, async (change) => {
      const { manager } = change;
      const { license } = actor;
      await lockStock(manager, license);
      const maker = await lockMaker(manager, actor);
      const refusal = maker && refusalBy(maker, given);
      if (refusal) return refusal;
      const { left, most } = await roomFor(manager, this.limits, { license, name: 'apiKeys' });
      if (left === 0) return { kind: 'over_quota', name: 'apiKeys', most };
      const key = await insertKey(manager, actor, { ...given, expiresAt: given.expiresAt ?? maker?.expiresAt ?? null });
      const { id, name, scopes, expiresAt } = key;
      change.describe({ type: 'api_key.created', license, details: { keyId: id, name, scopes, expiresAt } });
      return { kind: 'made', key };
    });
  }

  /** Ends a key from now on, in every process. Again it does nothing. False when the license has none of that id. */
  revoke(actor: Actor, id: string): Promise<boolean> {
    return inChange(this.database, actor, async (change) => {
      const { license } = actor;
      const [[revoked]] = await change.manager.query<[{ name: string }[], number]>(
        'update api_keys set revoked_at = now() where license = $1 and id = $2 and revoked_at is null returning name',
        [license, id],
      );
      if (revoked) {
        change.describe({ type: 'api_key.revoked', license, details: { keyId: id, name: revoked.name } });
        return true;
      }
      const known = await change.manager.query<unknown[]>('select 1 from api_keys where license = $1 and id = $2', [
        license,
        id,
      ]);
      return known.length > 0;
    });
  }

  /**
   * The key with this hash, read anew each time; undefined when there is none. That it was used is written down, once
   * a minute; when that fails it is left out.
   */
  async use(hash: Buffer): Promise<FoundApiKey | undefined> {
    const { pool, log } = this.database;
    const { rows } = await pool.query<FoundRow>({ ...FIND_API_KEY, values: [hash] });
    const [row] = rows;
    if (row === undefined) return undefined;
    const { id, license, scopes, expires_at: expiresAt, ends_in_ms: endsInMs, status } = row;
    if (status === 'active' && row.is_use_due) {
      await pool
        .query({ ...NOTE_USE_OF_API_KEY, values: [id] })
        .catch((error: unknown) => log.warn({ err: error, keyId: id }, 'the use of an API key could not be noted'));
    }
    return { id, license, scopes, expiresAt, endsInMs, status };
  }
}

/** Forgets keys that were over long ago. */
export async function forgetApiKeys(database: Database): Promise<void> {
  await inBatches(FORGOTTEN_AT_ONCE, async () => {
    const { rowCount } = await database.pool.query(
      `delete from api_keys where id = any (array(
         select id from api_keys where least(revoked_at, expires_at) < now() - interval '${KEPT_DAYS} days'
         limit ${FORGOTTEN_AT_ONCE}
       ))`,
    );
    return rowCount ?? 0;
  });
}

const COLUMNS = `id, name, shown, scopes, made_by, created_at, expires_at, last_used_at, ${API_KEY_STATUS} as status`;

interface ApiKeyRow {
  id: string;
  name: string;
  shown: string;
  scopes: Scope[];
  made_by: string | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  status: ApiKeyStatus;
}

type FoundRow = Pick<ApiKeyRow, 'id' | 'scopes' | 'expires_at' | 'status'> & {
  license: string;
  ends_in_ms: number | null;
  is_use_due: boolean;
};

function toRecord(row: ApiKeyRow): ApiKeyRecord {
  return {
    id: row.id,
    name: row.name,
    shown: row.shown,
    scopes: row.scopes,
    madeBy: row.made_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    status: row.status,
  };
}

/** What bounds a new key: the key that makes it, or nothing. */
type Maker = Pick<ApiKeyRecord, 'scopes' | 'expiresAt'> & { status: ApiKeyStatus };

/** A revocation waits until the transaction is over, or has come first and is seen. */
async function lockMaker(manager: EntityManager, { license, keyId }: Actor): Promise<Maker | undefined> {
  if (keyId === undefined) return undefined;
  const sql = `select ${COLUMNS} from api_keys where license = $1 and id = $2 for share`;
  const [row] = await manager.query<ApiKeyRow[]>(sql, [license, keyId]);
  if (row === undefined) return { scopes: [], expiresAt: null, status: 'revoked' };
  return { scopes: row.scopes, expiresAt: row.expires_at, status: row.status };
}

function refusalBy(maker: Maker, { scopes, expiresAt }: NewApiKey): MadeApiKey | undefined {
  const { status } = maker;
  if (status !== 'active') return { kind: 'maker_ended', status };
  const missing = missingScopes(scopes, maker.scopes);
  if (missing.length > 0) return { kind: 'too_wide', missing };
  if (maker.expiresAt && expiresAt && expiresAt > maker.expiresAt) {
    return { kind: 'too_late', makerExpiresAt: maker.expiresAt };
  }
  return undefined;
}

async function insertKey(
  manager: EntityManager,
  { license, keyId }: Actor,
  { name, hash, shown, scopes, expiresAt }: Omit<NewApiKey, 'expiresAt'> & { expiresAt: Date | null },
): Promise<ApiKeyRecord> {
  const rows = await manager.query<ApiKeyRow[]>(
    `insert into api_keys (id, license, name, hash, shown, scopes, made_by, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${COLUMNS}`,
    [newLogId(), license, name, hash, shown, scopes, keyId ?? null, expiresAt?.toISOString() ?? null],
  );
  return toRecord(rows[0]!);
}
