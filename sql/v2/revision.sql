-- The revisions of records, without their content. A revision is shown from its edition until that of the next one.
create view v2_at.revision as
select change.resource, change.id::text, change.revision, change.action, change.seq as change, edition.seq as edition,
    edition.at as known_from, (
        select next_edition.at from store.change as following, store.edition as next_edition
        where following.id = change.id and following.revision = change.revision + 1 and next_edition.seq >= following.seq
        order by next_edition.seq limit 1) as known_to,
    change.reason::text, change.record ->> 'dataset' as dataset
from store.change cross join lateral (
    select edition.seq, edition.at from store.edition where edition.seq >= change.seq order by edition.seq limit 1
) as edition;
