-- The staged records whose relations form a circle. $1 is the kind, $2 the last number of the log before the load, $3
-- and $4 are the ids at both ends of each relation.
select staged.number, staged.resource, staged.name, staged.keys, relation.position
from unnest($3::text[], $4::text[]) as edge (record_id, event_id)
join store.relation on relation.record_id = edge.record_id and relation.event_id = edge.event_id
join staged on staged.id = relation.record_id
where relation.relation = $1 and exists (select from store.change where seq > $2 and id = relation.record_id)
order by staged.number, relation.position
