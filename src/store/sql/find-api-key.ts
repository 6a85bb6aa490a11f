/** What a key is worth at this moment, by the database's clock. */
export const API_KEY_STATUS =
  "case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'active' end";

/** The same for active ones, as the index `api_keys_active` has it: without those that are over, however many they are. */
export const IS_API_KEY_ACTIVE = "revoked_at is null and coalesce(expires_at, 'infinity') > now()";

/** More often would be a write for each request. */
const IS_USE_DUE = "(last_used_at is null or last_used_at < now() - interval '1 minute')";

/** One index entry, one row; run for each request that comes with a key. */
export const FIND_API_KEY = {
  name: 'find_api_key',
  text: `
select id, license, scopes, expires_at, extract(epoch from expires_at - now())::float8 * 1000 as ends_in_ms,
  ${API_KEY_STATUS} as status, ${IS_USE_DUE} as is_use_due
from api_keys where hash = $1`,
};

/** Whoever finds the row locked leaves it: another request is writing the same, or the key is being revoked. */
export const NOTE_USE_OF_API_KEY = {
  name: 'note_use_of_api_key',
  text: `
update api_keys set last_used_at = now() where id = (
  select id from api_keys where id = $1 and ${IS_USE_DUE} for no key update skip locked
)`,
};
