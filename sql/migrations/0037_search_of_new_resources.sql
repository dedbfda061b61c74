-- The trigger that makes the search vector of a new kind of records fires for all columns but the vector itself, like the
-- triggers of the first resources. Erasure empties the vector after the other columns, and that has to last.

-- Make the table of a kind of records: the columns that all records have, those in `columns`, and the domain of the ids,
-- which begin with `prefix`. `vector` is an expression over the row `new` that makes its search vector, such as
-- store.search_vector(new.language, array[new.title]). The indexes for filters and sorts follow in the migration, and
-- then store.index_versions.
create or replace function store.create_resource(name text, prefix text, columns text, vector text default 'null')
returns void language plpgsql as $function$
declare
    searched text;
begin
    execute format('create domain store.%I as text collate "C" check (value ~ %L)',
        name || '_id', format('^%s_[0-9a-hjkmnp-tv-z]{26}$', prefix));
    execute format('
        create table store.%I (
            id store.%I primary key,
            revision integer not null default 1 check (revision > 0),
            created_at timestamptz not null,
            updated_at timestamptz not null,
            digest bytea not null,
            withdrawn store.line,
            dataset store.line,
            key text check (length(key) between 1 and 200 and store.is_clean(key)),
            search tsvector,
            %s)', name, name || '_id', columns);
    execute format('create function store.%I() returns trigger language plpgsql as $body$
        begin
            new.search := %s;
            return new;
        end $body$', 'set_' || name || '_search', vector);
    execute format('revoke execute on function store.%I() from public', 'set_' || name || '_search');
    select string_agg(quote_ident(attname), ', ' order by attnum) into searched from pg_attribute
    where attrelid = format('store.%I', name)::regclass and attnum > 0 and attname <> 'search';
    execute format('create trigger %I before insert or update of %s on store.%I
        for each row execute function store.%I()', name || '_search', searched, name, 'set_' || name || '_search');
    perform store.keep_versions(name);
    execute format('alter table store.%I validate constraint %I', name, name || '_since');
    execute format('create index %I on store.%I (updated_at desc nulls last, id desc, since)', name || '_updated', name);
    execute format('create index %I on store.%I using gin (search)', name || '_words', name);
    execute format('create index %I on store.%I (id) where withdrawn is not null', name || '_withdrawn', name);
    insert into store.resource (name, prefix) values (create_resource.name, create_resource.prefix);
end
$function$;
