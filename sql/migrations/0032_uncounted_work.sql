-- The work of a search follows from its words, what an index of words reads is counted, and counts of children look up no
-- records.

-- step: transaction
-- A tsquery was joined with the next word each time, which copies it: 500 letters of Chinese took 120 ms. Now its text is
-- joined once. A star counts after three letters of the last word as Postgres reads it, or after a letter of a script
-- without spaces: with fewer letters, Postgres would read a great part of the index.
do $do$
declare
    language record;
    searched text := '';
begin
    for language in
        select cfgname from pg_ts_config where cfgnamespace = 'store'::regnamespace and cfgname <> 'plain' order by 1
    loop
        searched := searched || format(E'\n                when %L then stem := plainto_tsquery(%L::regconfig, word);',
            language.cfgname, 'store.' || language.cfgname);
    end loop;
    execute format($body$
create function store.search_words(term text, language text) returns text
language plpgsql immutable parallel safe strict as $$
declare
    is_prefix boolean := right(term, 1) = '*';
    words text[] := string_to_array(btrim(regexp_replace(store.search_text(term, false), '\s+', ' ', 'g')), ' ');
    stemmed text := split_part(language, '-', 1);
    last int := coalesce(cardinality(words), 0);
    word text;
    found text[] := '{}';
    plain tsquery;
    stem tsquery;
begin
    for n in 1 .. last loop
        word := words[n];
        plain := plainto_tsquery('store.plain'::regconfig, word);
        continue when numnode(plain) = 0;
        if word ~ '^u[0-9a-f]{5}$'
            or is_prefix and n = last and length(substring(plain::text from '([^'']*)''$')) >= 3
        then
            found := found || ('(' || plain::text || ':*)');
        else
            stem := null;
            case stemmed%s
                else null;
            end case;
            if numnode(stem) > 0 and stem <> plain then
                found := found || ('(' || plain::text || ' | ' || stem::text || ')');
            else
                found := found || ('(' || plain::text || ')');
            end if;
        end if;
    end loop;
    return nullif(array_to_string(found, ' <-> '), '');
end $$$body$, searched);
end
$do$;
comment on function store.search_words is
    'A word or a phrase that is searched, as the text of a tsquery: each word as it stands, or stemmed. A star at the end stands for any letters.';

create or replace function store.search_query(terms text[], language text) returns tsquery
language plpgsql immutable parallel safe strict as $$
declare
    term text;
    one text;
    every text[] := '{}';
    any_of text[] := '{}';
begin
    foreach term in array terms || '{|}'::text[] loop
        if term = '|' then
            if every <> '{}' then
                any_of := any_of || array_to_string(every, ' & ');
            end if;
            every := '{}';
        else
            one := store.search_words(substr(term, 2), language);
            if one is not null then
                every := every || (case when starts_with(term, '-') then '!(' else '(' end || one || ')');
            end if;
        end if;
    end loop;
    return array_to_string(any_of, ' | ')::tsquery;
end $$;
-- store.search_term remains: a statement that runs while this is applied may still call it.
revoke execute on function store.search_words(text, text) from public;
grant execute on function store.search_words(text, text) to briefing_reader;

-- A GIN index reads all entries that begin with a prefix, whatever the other words of the search leave of them. Postgres
-- counts the entries that are left alone. So the pages of these indexes are counted, too, each as three records.
-- A value of more than 2 KB stands apart from its row, in pieces of a table of its own (TOAST), which are read through the
-- index of that table. Those are counted as other entries: a search that tests the words of long texts reads many.
-- 2742 is the access method `gin` in every Postgres, and its operator classes tell the indexes of that kind.
create or replace function store.rows_looked_at(tables regclass[]) returns bigint
language plpgsql volatile parallel unsafe set plan_cache_mode = 'force_generic_plan' as $$
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
            pg_stat_get_xact_tuples_returned(indexrelid) + 3 * pg_stat_get_xact_numscans(indexrelid)
            + case when indclass[0] = any(array(select oid from pg_opclass where opcmethod = 2742))
                then 3 * pg_stat_get_xact_blocks_fetched(indexrelid) else 0 end), 0)
        from pg_index
        where indrelid = any(tables || array(select reltoastrelid from pg_class where oid = any(tables))::regclass[])
    );
end
$$;

-- Counts of children leave out those of withdrawn records, which are found at once.

-- step: index event_withdrawn
create index concurrently event_withdrawn on store.event (id) where withdrawn is not null;

-- step: index figure_withdrawn
create index concurrently figure_withdrawn on store.figure (id) where withdrawn is not null;

-- step: index quote_withdrawn
create index concurrently quote_withdrawn on store.quote (id) where withdrawn is not null;
