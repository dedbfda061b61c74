-- The epoch goes by the clock. Counted one by one, a database that was put back to an earlier day came to the same
-- numbers again with other changes, and who had remembered something under one of them took it for true: a key that was
-- revoked since, above all. Where the clock stands still or goes back it counts on.
create or replace function access.advance() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    reached bigint;
begin
    update access.epoch set number = greatest(number + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
    returning number into reached;
    perform pg_notify('briefing_access', reached::text);
    return null;
end
$$;
