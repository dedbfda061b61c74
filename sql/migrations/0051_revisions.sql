-- What callers see of the revisions of a record.

-- The paths at which two JSON objects differ, each with both values; null where a value is missing. Objects are compared
-- member by member, and everything else as a whole.
create function store.differences(before jsonb, after jsonb)
returns table (path text, was jsonb, became jsonb)
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
    with recursive walk (path, was, became) as (
        select member.name, before -> member.name, after -> member.name
        from (select jsonb_object_keys(before) union select jsonb_object_keys(after)) as member (name)
        union all
        select walk.path || '.' || member.name, walk.was -> member.name, walk.became -> member.name
        from walk cross join lateral (
            select jsonb_object_keys(walk.was) union select jsonb_object_keys(walk.became)) as member (name)
        where walk.was is distinct from walk.became
            and jsonb_typeof(walk.was) = 'object' and jsonb_typeof(walk.became) = 'object'
    )
    select walk.path, walk.was, walk.became from walk
    where walk.was is distinct from walk.became
        and not coalesce(jsonb_typeof(walk.was) = 'object' and jsonb_typeof(walk.became) = 'object', false)
$$;

-- The paths alone, as a JSON array. A member without a name has the path of its object.
create function store.changed_paths(before jsonb, after jsonb) returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
return (select coalesce(jsonb_agg(rtrim(path, '.') order by path collate "C"), '[]') from store.differences(before, after));

revoke execute on function store.differences(jsonb, jsonb), store.changed_paths(jsonb, jsonb) from public;
grant execute on function store.differences(jsonb, jsonb), store.changed_paths(jsonb, jsonb) to briefing_reader;
