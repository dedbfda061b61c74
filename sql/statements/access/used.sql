-- Note how many seconds ago each key was last used. The rows are locked in one order, because several processes write
-- the same keys.
with used as (
    select id, now() - make_interval(secs => ago) as at from unnest($1::text[], $2::float8[]) as used (id, ago)
), locked as (
    select key.id, used.at from access.key join used using (id)
    where key.last_used_at is null or key.last_used_at < used.at
    order by key.id for no key update of key
)
update access.key set last_used_at = locked.at from locked where key.id = locked.id
