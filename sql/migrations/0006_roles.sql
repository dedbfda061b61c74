-- Content is read as briefing_reader, which reaches the versions' views, the withdrawals and the last change number;
-- keys, plans and audit are reached as briefing_access, which reaches nothing else. Roles belong to the whole cluster,
-- so another database may have made them, even in this moment.
do $$
declare
    name text;
begin
    foreach name in array array['briefing_reader', 'briefing_access'] loop
        begin
            execute format('create role %I nologin', name);
        exception when duplicate_object or unique_violation then
            null;
        end;
        if not pg_has_role(current_user, name, 'set') then
            execute format('grant %I to current_user', name);
        end if;
    end loop;
end
$$;

revoke all on all tables in schema store from public;
revoke execute on all functions in schema store from public;
grant usage on schema store to briefing_reader;
grant select on store.withdrawal, store.last_change, store.latest to briefing_reader;
grant execute on function store.word_query(text, text) to briefing_reader;

-- Great-circle distance in kilometres on the mean sphere (haversine; radius 6371.0088 km, IUGG).
create function store.distance_km(lat1 float8, lon1 float8, lat2 float8, lon2 float8) returns float8
language sql immutable parallel safe
return 2 * 6371.0088 * asin(least(1, sqrt(
    power(sind((lat2 - lat1) / 2), 2) + cosd(lat1) * cosd(lat2) * power(sind((lon2 - lon1) / 2), 2))));
grant execute on function store.distance_km(float8, float8, float8, float8) to briefing_reader;
