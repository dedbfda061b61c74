-- A search: few rows through the index of words, many in the order of the list.
-- { quotes(first: 2, filter: {search: {text: "corridor"}}) { nodes { id } } }
-- [["+corridor"],"en",142,40]
with begun as materialized (select store.rows_looked_at('{store.quote}') as looked_at)
select convert_to(concat('{"quotes":', t15.made, '}'), 'UTF8') as body, null::text as next, null::text[] as notes, (select coalesce(max(edition) || '.' || max(changed_us), '0.0') from store.latest where resource = any('{quote}')) as mark, greatest(t15.points, 1, least($3::bigint, (store.rows_looked_at('{store.quote}') - (select looked_at from begun)) / $4::bigint))::int as points
from (select) request
left join lateral (
  select concat('{"nodes":[', string_agg(concat('{"id":"', t1.id, '"}'), ',' order by t1.k desc nulls last, t1.id desc), ']}') as made, count(*) + 5 as points, null as next
  from (
    with t2 as materialized (
      select t6.id, t6.k
      from (
        select t5.*, t5.said_at as k
        from v1.quote t5
        order by t5.said_at desc nulls last, t5.id desc
        limit 16
      ) t6
      where t6.search @@ store.search_query($1::text[], $2::text)
      order by t6.k desc nulls last, t6.id desc
      limit 2
    ),
    t3 as materialized (
      select t8.id, t8.k
      from (
        select t7.*, t7.said_at as k
        from v1.quote t7
        order by t7.said_at desc nulls last, t7.id desc
        limit (select case when (select count(*) from t2) >= 1 and (select count(*) from t2) < 2 then 64 else 0 end) offset 16
      ) t8
      where t8.search @@ store.search_query($1::text[], $2::text)
      order by t8.k desc nulls last, t8.id desc
      limit (select greatest(0, 2 - (select count(*) from t2)))
    ),
    t4 as materialized (
      select t9.id, t9.said_at as k
      from v1.quote t9
      where t9.search @@ store.search_query($1::text[], $2::text)
      limit (select 2501)
    )
    select * from (
      (select t12.id, t11.k
      from (
        select id, k from t2 where (select count(*) from t2) + (select count(*) from t3) >= 2
        union all select id, k from t3 where (select count(*) from t2) + (select count(*) from t3) >= 2
        union all
        (select id, k from t4 t10
        where case when (select count(*) from t2) + (select count(*) from t3) >= 2 then false else (select count(*) from t4) <= 2500 end
        order by t10.k desc nulls last, t10.id desc
        limit 2)
      ) t11
      join v1.quote t12 on t12.id = t11.id)
      union all
      (select t13.id, t13.said_at as k
      from v1.quote t13
      where t13.search @@ store.search_query($1::text[], $2::text) and case when (select count(*) from t2) + (select count(*) from t3) >= 2 then false else not (select count(*) from t4) <= 2500 end
      order by t13.said_at desc nulls last, t13.id desc
      limit 2)
    ) t14
    order by t14.k desc nulls last, t14.id desc
    limit 2
  ) t1
  having true
) t15 on true
where (select looked_at from begun) is not null
