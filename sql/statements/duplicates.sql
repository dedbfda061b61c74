-- Records that occur earlier in the same file, each with its number and that of its first occurrence.
select number, resource, name, keys, first
from (select number, resource, name, keys, min(number) over same as first from staged
      where id in (select id from staged group by id having count(*) > 1)
      window same as (partition by id)) as repeated
where number > first
order by number
limit $1
