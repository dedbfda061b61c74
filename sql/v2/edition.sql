-- The editions, each with what its load changed. A list as of an edition contains that edition and the earlier ones.
create view v2_at.edition_version as
select seq as number, at as known_from, array(
        select distinct dataset from store.edition_change where edition = seq and dataset <> '' order by dataset) as datasets,
    (select coalesce(sum(created), 0)::integer from store.edition_change where edition = seq) as created,
    (select coalesce(sum(updated), 0)::integer from store.edition_change where edition = seq) as updated,
    (select coalesce(sum(restored), 0)::integer from store.edition_change where edition = seq) as restored,
    (select coalesce(sum(withdrawn), 0)::integer from store.edition_change where edition = seq) as withdrawn,
    (select coalesce(jsonb_agg(jsonb_build_object('resource', resource, 'dataset', nullif(dataset, ''),
            'created', created, 'updated', updated, 'restored', restored, 'withdrawn', withdrawn)
            order by resource, dataset), '[]')
        from store.edition_change where edition = seq) as changes,
    seq as since, 9223372036854775807 as until
from store.edition as load;

create view v2.edition as
select number, known_from, datasets, created, updated, restored, withdrawn, changes from v2_at.edition_version;
