-- Counts are one select of tables: the rows that pass, whether there are too many, and the groups.
-- { figureCounts(filter: {basis: {in: [FLOW]}}, by: [COUNTRY, MEASURE], bucket: MONTH, top: 3) { data { key { country measure bucket } count low } rest { groups } unplaced { undated } total quality } }
-- ["flow",3,277,8]
with begun as materialized (select store.rows_looked_at('{store.event,store.figure,store.place}') as looked_at)
select convert_to(concat('{"figureCounts":', t3.made, '}'), 'UTF8') as body, null::text as next, null::text[] as notes, (select coalesce(max(edition) || '.' || max(changed_us), '0.0') from store.latest where resource = any('{event,figure,place}')) as mark, greatest(t3.points, 1, least($3::bigint, (store.rows_looked_at('{store.event,store.figure,store.place}') - (select looked_at from begun)) / $4::bigint))::int as points
from (select) request
left join lateral (
  with probe as materialized (
    select count(*) as n from v2.figure s where s.basis = $1::text and (s.id >= 'fig_' and s.id < 'fig_' || '01')
  ),
  passed as materialized (
    select s.id, s.place_id, s.event_id, s.measure, s.as_of from v2.figure s where s.basis = $1::text limit 200001
  ),
  bound as materialized (
    select scale > 1 as cut, scale, case scale when 1024 then '01' when 512 then '02' when 256 then '04' when 128 then '08' when 64 then '0g' when 32 then '1' end as letters
    from (select case when count(*) > 200000 then (select case when n * 1 >= 5000 then 1024 when n * 2 >= 5000 then 512 when n * 4 >= 5000 then 256 when n * 8 >= 5000 then 128 when n * 16 >= 5000 then 64 else 32 end from probe) else 1 end as scale from passed) b
  ),
  picked as (
    select * from passed where not (select cut from bound)
    union all
    select s.id, s.place_id, s.event_id, s.measure, s.as_of from v2.figure s where s.basis = $1::text and (s.id >= 'fig_' and s.id < 'fig_' || (select letters from bound)) and (select cut from bound)
  ),
  records as (
    select p.*, date_trunc('month', p.as_of::timestamp)::date as bucket, case when p.as_of is null then 1 else 0 end as state from picked p
  ),
  grouped as (
    select d0, d1, bucket, state, count(*) as n from (
      select t2.country as d0, p.measure as d1, case when p.state = 0 then p.bucket end as bucket, p.state
      from records p
      left join v2.event t1 on t1.id = p.event_id
      left join v2.place t2 on t2.id = coalesce(p.place_id, t1.place_id)
    ) g group by d0, d1, bucket, state
  ),
  summary as (
    select coalesce(sum(n), 0) as total, coalesce(sum(n) filter (where state = 1), 0) as undated, coalesce(sum(n) filter (where state = 2), 0) as coarser from grouped
  ),
  ranked as materialized (
    select q.*, place <= $2::bigint and last_line <= 10000 and (n >= 10 or not (select cut from bound)) as shown from (select g.*, max(g.line) over (partition by g.place) as last_line from (select g.*, dense_rank() over (order by g.size desc, g.d0 collate "C" nulls last, g.d1 collate "C" nulls last) as place, row_number() over (order by g.size desc, g.d0 collate "C" nulls last, g.d1 collate "C" nulls last, g.bucket) as line from (select g.*, sum(g.n) over (partition by g.d0, g.d1) as size from grouped g where state = 0) g) g) q
  ),
  answered as (
    select place, d0, d1, bucket, n from ranked where shown
  )
  select concat('{"data":[', string_agg(concat('{"key":{"country":', coalesce(to_json(r.d0), 'null'), ',"measure":', coalesce('"' || upper(r.d1 collate "C") || '"', 'null'), ',"bucket":"', r.bucket::text, '"},"count":', (r.n * (select scale from bound)), ',"low":', (case when (select cut from bound) then greatest(r.n, floor((select scale from bound) * (r.n - 1.96 * sqrt(r.n * (1 - 1.0 / (select scale from bound))))))::bigint else r.n end), '}'), ',' order by r.place, r.bucket), '],"rest":{"groups":', (select count(*) from ranked where not shown), '},"unplaced":{"undated":', (select undated * (select scale from bound) from summary), '},"total":', (select total * (select scale from bound) from summary), ',"quality":"', (select case when cut then 'SAMPLED' else 'EXACT' end from bound), '"}') as made, 0 as points
  from answered r
  having true
) t3 on true
where (select looked_at from begun) is not null
