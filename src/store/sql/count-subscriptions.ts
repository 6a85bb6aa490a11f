/**
 * Each trigger knows how many vehicles it watches, whoever wrote their rows: a statement adds up what it inserted or
 * deleted, and changes each trigger once, in the order of their ids.
 */
export const COUNT_SUBSCRIPTIONS = [
  'alter table triggers add column subscription_count bigint not null default 0',
  `create function count_subscriptions_v1() returns trigger language plpgsql as $$
  begin
    perform 1 from triggers where id in (select trigger_id from changed) order by id for no key update;
    update triggers t set subscription_count = subscription_count + c.n * case tg_op when 'INSERT' then 1 else -1 end
    from (select trigger_id, count(*) as n from changed group by trigger_id) c
    where t.id = c.trigger_id;
    return null;
  end $$`,
  `create trigger subscriptions_added after insert on subscriptions
  referencing new table as changed for each statement execute function count_subscriptions_v1()`,
  `create trigger subscriptions_removed after delete on subscriptions
  referencing old table as changed for each statement execute function count_subscriptions_v1()`,
  `update triggers t set subscription_count = c.n
  from (select trigger_id, count(*) as n from subscriptions group by trigger_id) c
  where t.id = c.trigger_id`,
];
