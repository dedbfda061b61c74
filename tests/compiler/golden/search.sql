-- A search: few rows through the index of words, many in the order of the list.
-- { quotes(first: 2, filter: {search: {text: "corridor"}}) { nodes { id } } }
-- [["+corridor"],"en",142,40]
with begun as materialized (select store.rows_looked_at('{store.quote}') as looked_at)
select convert_to(concat('{"quotes":', t12.made, '}'), 'UTF8') as body, null::text as next, null::text[] as notes, (select coalesce(max(seq) || '.' || max(changed_us), '0.0') from store.latest where resource = any('{quote}')) as mark, greatest(t12.points, 1, least($3::bigint, (store.rows_looked_at('{store.quote}') - (select looked_at from begun)) / $4::bigint))::int as points
from (select) request
left join lateral (
  select concat('{"nodes":[', string_agg(concat('{"id":"', t1.id, '"}'), ',' order by t1.k desc nulls last, t1.id desc), ']}') as made, count(*) + 5 as points, null as next
  from (
    with t2 as materialized (
      select t5.id, t5.k
      from (
        select t4.*, t4.said_at as k
        from v1.quote t4
        order by t4.said_at desc nulls last, t4.id desc
        limit 16
      ) t5
      where t5.search @@ store.search_query($1::text[], $2::text)
      order by t5.k desc nulls last, t5.id desc
      limit 2
    ),
    t3 as materialized (
      select t6.id, t6.said_at as k
      from v1.quote t6
      where t6.search @@ store.search_query($1::text[], $2::text)
      limit (select 2501)
    )
    select * from (
      (select t9.id, t8.k
      from (
        select id, k from t2 where (select count(*) from t2) >= 2
        union all
        (select id, k from t3 t7
        where case when (select count(*) from t2) >= 2 then false else (select count(*) from t3) <= 2500 end
        order by t7.k desc nulls last, t7.id desc
        limit 2)
      ) t8
      join v1.quote t9 on t9.id = t8.id)
      union all
      (select t10.id, t10.said_at as k
      from v1.quote t10
      where t10.search @@ store.search_query($1::text[], $2::text) and case when (select count(*) from t2) >= 2 then false else not (select count(*) from t3) <= 2500 end
      order by t10.said_at desc nulls last, t10.id desc
      limit 2)
    ) t11
    order by t11.k desc nulls last, t11.id desc
    limit 2
  ) t1
  having true
) t12 on true
where (select looked_at from begun) is not null
