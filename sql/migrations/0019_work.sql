-- The rows of some tables, and the entries of their indexes, that this connection has looked at; to search an index counts
-- as three. A request is charged for the records that it made the store look at. Postgres keeps these numbers for pg_stat_xact_all_tables. They only grow
-- within a statement, so the difference of two calls is the work between them. With `track_counts` off it keeps none:
-- then the nanoseconds of the clock stand in for them, and whatever has to look at records is charged its whole price.
create function store.rows_looked_at(tables regclass[]) returns bigint
language plpgsql volatile parallel unsafe as $$
declare
    one oid;
    looked_at bigint := 0;
begin
    if current_setting('track_counts') = 'off' then
        return (extract(epoch from clock_timestamp()) * 1000000000)::bigint;
    end if;
    foreach one in array tables loop
        looked_at := looked_at + pg_stat_get_xact_tuples_returned(one) + pg_stat_get_xact_tuples_fetched(one);
    end loop;
    return looked_at + (
        select coalesce(sum(
            pg_stat_get_xact_tuples_returned(indexrelid) + 3 * pg_stat_get_xact_numscans(indexrelid)), 0)
        from pg_index where indrelid = any(tables)
    );
end
$$;
revoke execute on function store.rows_looked_at(regclass[]) from public;
grant execute on function store.rows_looked_at(regclass[]) to briefing_reader;

-- A filter by one value is served by an index that goes on in the order of the list.
create index source_affiliation_id on store.source (affiliation_id, id);
create index document_publisher_id on store.document (publisher_id, id);
create index briefing_publisher_id on store.briefing (publisher_id, id);
drop index store.source_affiliation, store.document_publisher, store.briefing_publisher;
