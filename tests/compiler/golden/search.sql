-- A search: few rows through the index of words, many in the order of the list.
-- { quotes(first: 2, filter: {search: {text: "corridor"}}) { nodes { id } } }
-- ["corridor","en"]
select convert_to(concat('{"quotes":', t9.made, '}'), 'UTF8') as body, null::text as next, null::text[] as notes, (select coalesce(max(seq), 0) || '.' || coalesce((extract(epoch from max(changed_at)) * 1000000)::bigint, 0) from store.latest where resource = any('{quote}')) as mark, greatest(t9.points, 1)::int as points
from (select) request
left join lateral (
  select concat('{"nodes":[', string_agg(concat('{"id":"', t1.id, '"}'), ',' order by t1.k desc nulls last, t1.id desc), ']}') as made, count(*) + 5 as points, null as next
  from (
    with t2 as materialized (
      select t3.id, t3.said_at as k
      from v1.quote t3
      where t3.search @@ store.word_query($1::text, $2::text)
      limit 2501
    )
    select * from (
      (select t7.id, t6.k
      from (
        select id, k from t2 t5
        where (select count(*) from t2) <= 2500
        order by t5.k desc nulls last, t5.id desc
        limit 2
      ) t6
      join v1.quote t7 on t7.id = t6.id)
      union all
      (select t4.id, t4.said_at as k
      from v1.quote t4
      where t4.search @@ store.word_query($1::text, $2::text) and not (select count(*) from t2) <= 2500
      order by t4.said_at desc nulls last, t4.id desc
      limit 2)
    ) t8
    order by t8.k desc nulls last, t8.id desc
    limit 2
  ) t1
  having true
) t9 on true
