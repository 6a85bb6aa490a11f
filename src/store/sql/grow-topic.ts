/**
 * Fences whoever goes by another number of partitions than a topic has now. Where a vehicle is at home depends on it, and
 * what is at home stores its states unmarked: nobody may go on by another number, not even with the chunk that is under
 * way. Any other number counts, not only a larger one: a process that heard the former number late is put right by the
 * next that opens something. Rows are locked in one order; commits hold one of them each and wait for none.
 */
export const GROW_TOPIC = {
  name: 'grow_topic',
  text: `
with former as materialized (
  select partition from stream_positions where topic = $1 and partition_count <> $2 order by partition for update
)
update stream_positions p set version = p.version + 1, partition_count = $2, updated_at = now()
from former where p.topic = $1 and p.partition = former.partition`,
};
