-- Objects of some columns, under aliases and in fragments, take nothing that the columns alone would not.
-- { events(first: 3, filter: {disputed: true, startsAt: {gte: "2022-03-06"}}) { nodes { t: time { startsAt precision } ...D place { name } } } } fragment D on Event { dispute { stances status } }
-- ["2022-03-06T00:00:00+00:00",78,40]
with begun as materialized (select store.rows_looked_at('{store.event}') as looked_at)
select convert_to(concat('{"events":', t4.made, '}'), 'UTF8') as body, null::text as next, null::text[] as notes, (select coalesce(max(edition) || '.' || max(changed_us), '0.0') from store.latest where resource = any('{event,place}')) as mark, greatest(t4.points, 1, least($2::bigint, (store.rows_looked_at('{store.event}') - (select looked_at from begun)) / $3::bigint))::int as points
from (select) request
left join lateral (
  select concat('{"nodes":[', string_agg(concat('{"t":{"startsAt":', coalesce('"' || replace(left(t1.starts_at::text, -3), ' ', 'T') || 'Z"', 'null'), ',"precision":"', upper(t1.time_precision collate "C"), '"},"dispute":{"stances":', to_json(upper(t1.dispute_stances::text collate "C")::text[]), ',"status":"', upper(t1.dispute_status collate "C"), '"},"place":', coalesce(case when t2.id is not null then concat('{"name":', to_json(t2.name), '}') end, 'null'), '}'), ',' order by t1.k desc nulls last, t1.id desc), ']}') as made, count(*) * 2 + coalesce(sum(greatest(0, (coalesce(octet_length(t2.name), 0) - 1) / 4096) + greatest(0, (case when pg_column_size(t1.dispute_stances) > 200 then octet_length(t1.dispute_stances::text) else 0 end - 1) / 4096)), 0) as points, null as next
  from (
    select t3.starts_at, t3.time_precision, t3.dispute_stances, t3.dispute_status, t3.place_id, t3.id, t3.starts_at as k
    from v2.event t3
    where (t3.disputed and t3.starts_at >= $1::timestamptz)
    order by t3.starts_at desc nulls last, t3.id desc
    limit 3
  ) t1
  left join v2.place t2 on t2.id = t1.place_id
  having true
) t4 on true
where (select looked_at from begun) is not null
