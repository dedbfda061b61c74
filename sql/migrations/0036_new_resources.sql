-- What each new kind of record or of children needs, for the migrations that add one. Each of these functions does for one
-- name what the migrations before this one did for the first resources.

-- Make the table of a kind of records: the columns that all records have, those in `columns`, and the domain of the ids,
-- which begin with `prefix`. `vector` is an expression over the row `new` that makes its search vector, such as
-- store.search_vector(new.language, array[new.title]). The indexes for filters and sorts follow in the migration, and
-- then store.index_versions.
create function store.create_resource(name text, prefix text, columns text, vector text default 'null')
returns void language plpgsql as $function$
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
    execute format('create trigger %I before insert or update on store.%I
        for each row execute function store.%I()', name || '_search', name, 'set_' || name || '_search');
    perform store.keep_versions(name);
    execute format('alter table store.%I validate constraint %I', name, name || '_since');
    execute format('create index %I on store.%I (updated_at desc nulls last, id desc, since)', name || '_updated', name);
    execute format('create index %I on store.%I using gin (search)', name || '_words', name);
    execute format('create index %I on store.%I (id) where withdrawn is not null', name || '_withdrawn', name);
    insert into store.resource (name, prefix) values (create_resource.name, create_resource.prefix);
end
$function$;

-- Make the table of a kind of children, which belong to the records of `owner`.
create function store.create_children(name text, owner text, columns text) returns void language plpgsql as $function$
begin
    execute format('
        create table store.%I (
            record_id store.%I not null references store.%I deferrable initially deferred,
            position smallint not null check (position between 0 and 999),
            %s,
            primary key (record_id, position))', name, owner || '_id', owner, columns);
    perform store.keep_versions(name);
end
$function$;

revoke execute on function store.create_resource(text, text, text, text), store.create_children(text, text, text)
    from public;
