-- A count alone reads no page.
-- { places { totalCount } }
-- [100,40]
with begun as materialized (select store.rows_looked_at('{store.place}') as looked_at)
select convert_to(concat('{"places":', t3.made, '}'), 'UTF8') as body, null::text as next, null::text[] as notes, (select coalesce(max(edition) || '.' || max(changed_us), '0.0') from store.latest where resource = any('{place}')) as mark, greatest(t3.points, 1, least($1::bigint, (store.rows_looked_at('{store.place}') - (select looked_at from begun)) / $2::bigint))::int as points
from (select) request
left join lateral (
  with exact as (select least(n, 100000) as n, n > 100000 as cut from (select count(*) as n from (select from v1.place s where true limit 100001) c) c)
  select concat('{"totalCount":', (select n from exact), '}') as made, count(*) + 10 as points, null as next
  from (
    select t2.id, t2.id as k
    from v1.place t2
    order by t2.id asc
    limit 50
  ) t1
  having true
) t3 on true
where (select looked_at from begun) is not null
