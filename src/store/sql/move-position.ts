/** Sets a position to another place of its log, or of its topic's next life, and tells why, together or not at all. */
export const MOVE_POSITION = {
  name: 'move_position',
  text: `
with moved as (
  update stream_positions
  set log_epoch = $5, next_offset = $6, next_index = 0, version = version + 1, updated_at = now()
  where topic = $1 and partition = $2 and log_epoch = $3 and version = $4
  returning 1
)
insert into events (id, type, license, payload) select $7::uuid, $8, '', $9 from moved`,
};
