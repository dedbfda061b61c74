-- Filters, tests through links, a link to one, and children in order.
-- { events(first: 1, filter: {disputed: true, startsAt: {gte: "2022-03-01"}, figures: {some: {measure: {in: KILLED}}}, not: {place: {country: {in: ["UA"]}}}}) { nodes { place { name } citations(first: 1) { nodes { stance } hasMore } } } }
-- ["UA","2022-03-01T00:00:00+00:00","killed",872,40]
with begun as materialized (select store.rows_looked_at('{store.event,store.figure,store.place}') as looked_at)
select convert_to(concat('{"events":', t8.made, '}'), 'UTF8') as body, null::text as next, null::text[] as notes, (select coalesce(max(edition) || '.' || max(changed_us), '0.0') from store.latest where resource = any('{event,figure,place}')) as mark, greatest(t8.points, 1, least($4::bigint, (store.rows_looked_at('{store.event,store.figure,store.place}') - (select looked_at from begun)) / $5::bigint))::int as points
from (select) request
left join lateral (
  select concat('{"nodes":[', string_agg(concat('{"place":', coalesce(case when t2.id is not null then concat('{"name":', to_json(t2.name), '}') end, 'null'), ',"citations":', t3.made, '}'), ',' order by t1.k desc nulls last, t1.id desc), ']}') as made, count(*) * 2 + coalesce(sum(greatest(0, (coalesce(octet_length(t2.name), 0) - 1) / 4096)), 0) + 20 as points, null as next
  from (
    select t5.place_id, t5.id, t5.starts_at as k
    from v1.event t5
    where ((exists (select from v1.place t6 where t6.id = t5.place_id and t6.country = $1::text)) is not true and t5.disputed and t5.starts_at >= $2::timestamptz and exists (select from v1.figure t7 where t7.event_id = t5.id and t7.measure = $3::text))
    order by t5.starts_at desc nulls last, t5.id desc
    limit 1
  ) t1
  left join v1.place t2 on t2.id = t1.place_id
  left join lateral (
    select concat('{"nodes":[', string_agg(concat('{"stance":"', upper(t4.stance collate "C"), '"}'), ',' order by t4.position) filter (where t4.position < 1), '],"hasMore":', case when bool_or(t4.position >= 1) then 'true' else 'false' end, '}') as made
    from v1.citation t4
    where t4.record_id = t1.id and t4.position <= 1
    having true
  ) t3 on true
  having true
) t8 on true
where (select looked_at from begun) is not null
