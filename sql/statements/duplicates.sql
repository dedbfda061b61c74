-- Repeated records of a file, each with the number of its first occurrence.
select number, resource, name, keys, first
from (select number, resource, name, keys, min(number) over of_record as first from staged
      where id in (select id from staged group by id having count(*) > 1)
      window of_record as (partition by id)) as repeated
where number > first
order by number
limit $1
