-- Note how many seconds ago each key was last used. The rows are locked in one order, because several processes write
-- the same keys.
with told as (
    select id, now() - make_interval(secs => ago) as at from unnest($1::text[], $2::float8[]) as told (id, ago)
), held as (
    select key.id, told.at from access.key join told using (id)
    where key.last_used_at is null or key.last_used_at < told.at
    order by key.id for no key update of key
)
update access.key set last_used_at = held.at from held where key.id = held.id
