-- The last page of an ascending list: those without a key come last, and so are read first.
-- { sources(last: 2, orderBy: {field: NAME}) { nodes { id } pageInfo { hasPreviousPage } } }
-- ["\"v1.source.name.44690f7c135b7552\""]
select convert_to(concat('{"sources":', t5.made, '}'), 'UTF8') as body, null::text as next, null::text[] as notes, (select coalesce(max(edition) || '.' || max(changed_us), '0.0') from store.latest where resource = any('{source}')) as mark, greatest(t5.points, 1)::int as points
from (select) request
left join lateral (
  select concat('{"nodes":[', string_agg(concat('{"id":"', t1.id, '"}'), ',' order by t1.n desc), '],"pageInfo":{"hasPreviousPage":', case when bool_or(t1.found > 2) then 'true' else 'false' end, '}}') as made, count(*) as points, max(translate(encode(convert_to('[' || $1::text || ',' || coalesce(to_json(t1.k::text)::text, 'null') || ',"' || t1.id || '"]', 'UTF8'), 'base64'), E'+/=\n', '-_')) filter (where t1.n = 2 and t1.found > 2) as next
  from (
    select t4.*, row_number() over (order by t4.k desc nulls first, t4.id desc) as n, count(*) over () as found
    from (
      select * from (
        (select t2.id, t2.name_key as k
        from v1.source t2
        where t2.name_key is null
        order by t2.name_key desc nulls last, t2.id desc
        limit 3)
        union all
        (select t2.id, t2.name_key as k
        from v1.source t2
        where t2.name_key is not null
        order by t2.name_key desc nulls last, t2.id desc
        limit 3)
      ) t3
      order by t3.k desc nulls first, t3.id desc
      limit 3
    ) t4
  ) t1
  where t1.n <= 2
  having true
) t5 on true
