-- A record by its id, and a note where there is none.
-- { node(id: "plc_00000000000000000000000000") { ... on Place { name geoPrecision } } }
-- ["plc_00000000000000000000000000"]
select convert_to(concat('{"node":', coalesce(t2.made, 'null'), '}'), 'UTF8') as body, null::text as next, nullif(array_remove(array[case when t2.made is null then json_build_array('node', null, (select reason from store.withdrawal where resource = 'place' and id = $1::text))::text end]::text[], null), '{}') as notes, (select coalesce(max(edition) || '.' || max(changed_us), '0.0') from store.latest where resource = any('{place}')) as mark, greatest(coalesce(t2.points, 1), 1)::int as points
from (select) request
left join lateral (
  select concat('{"name":', to_json(t1.name), ',"geoPrecision":"', upper(t1.geo_precision collate "C"), '"}') as made, 1 + greatest(0, (coalesce(octet_length(t1.name), 0) - 1) / 4096) as points
  from v1.place t1
  where t1.id = $1::text
) t2 on true
