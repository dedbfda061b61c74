-- The stances that make a record disputed, derived by a load as `disputed` is: those against it, and `blames` where two
-- of its citations blame different parties.
do $$
declare
    name text;
begin
    foreach name in array array['event', 'figure', 'quote'] loop
        execute format($change$
            alter table store.%1$I add column dispute_stances text[] not null default '{}';
            update store.%1$I as held set dispute_stances = array(
                select distinct stance::text collate "C" as stance from store.citation
                where record_id = held.id and (stance in ('denies', 'disputes', 'retracts') or stance = 'blames' and (
                    select count(distinct blames_id) > 1 from store.citation
                    where record_id = held.id and stance = 'blames'))
                order by stance)
            where disputed$change$, name);
    end loop;
end
$$;
