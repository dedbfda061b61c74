-- Relations of one kind that may form a circle with one that this load wrote. $1 is the kind, $2 the last number of the
-- log before the load. An event that no relation leads to, or from which none starts, is in no circle.
with recursive written as (
    select relation.record_id, relation.event_id from store.relation
    where relation.relation = $1 and exists (select from store.change where seq > $2 and id = relation.record_id)
), reached (id) as (
    select event_id from written
    union
    select relation.event_id from reached join store.relation on relation.record_id = reached.id
    where relation.relation = $1
), edge as (
    select record_id, event_id from written
    union
    select relation.record_id, relation.event_id from reached join store.relation on relation.record_id = reached.id
    where relation.relation = $1
)
select record_id, event_id from edge
where exists (select from edge as before where before.event_id = edge.record_id)
    and exists (select from edge as after where after.record_id = edge.event_id)
