-- What is searched is divided into words in one way for texts and for searches, whatever the locale of the server:
--
-- - Everything between letters and digits divides: hyphens, apostrophes, dots, slashes. So "Shahed-136" is two words,
--   as are the parts of a URL, of a host or of a version.
-- - Scripts that are written without spaces have no words that could be seen: each two neighbouring letters are one.
-- - Arabic letters that stand for one another are one, and signs that are not written by everybody are left out.
-- - Compatible forms (full-width letters, ligatures) are their usual ones: NFKC.
--
-- A text has its words as they stand and stemmed at the same places, so that a phrase may consist of both. A word of
-- zeros divides title, summary and tags, so that no phrase is found across them.

-- step: transaction
create function store.letter_pairs(run text, alone boolean) returns text
language sql immutable parallel safe strict
begin atomic
    select string_agg('u' || code || coalesce(beside, ''), ' ' order by n)
        filter (where beside is not null or alone or length(run) = 1)
    from (
        select n, code, lead(code) over (order by n) as beside
        from (
            select n, lpad(to_hex(ascii(letter)), 5, '0') as code
            from regexp_split_to_table(run, '') with ordinality as one (letter, n)
        ) coded
    ) paired;
end;
comment on function store.letter_pairs is
    'Each two neighbouring letters of a run as a word of hexadecimal digits; the last letter alone where that is wanted.';

create function store.with_letter_pairs(body text, alone boolean) returns text
language sql immutable parallel safe strict
begin atomic
    select string_agg(
        case when part[2] is null then part[1] else ' ' || store.letter_pairs(part[2], alone) || ' ' end, '' order by n)
    from regexp_matches(body, '([^\u0e00-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff\ua000-\ua4cf\uac00-\ud7a3\U0001b000-\U0001b16f\U00020000-\U0003ffff]+)|([\u0e00-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff\ua000-\ua4cf\uac00-\ud7a3\U0001b000-\U0001b16f\U00020000-\U0003ffff]+)', 'g')
        with ordinality as found (part, n);
end;

create function store.search_text(body text, alone boolean) returns text
language plpgsql immutable parallel safe strict as $$
begin
    if octet_length(body) > length(body) then
        if body is not nfkc normalized then
            body := normalize(body, nfkc);
        end if;
        -- Soft hyphens, invisible joiners and marks, selectors of variants.
        body := regexp_replace(body, '[\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]+', '', 'g');
        if body ~ '[\u0600-\u06ff]' then
            body := translate(
                regexp_replace(body, '[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]+', '', 'g'),
                U&'\0623\0625\0622\0671\0649\06CC\06D2\06A9\06AA\0629\06C0\06C1\06C2\06C3\06D5\06BE\0624\0626',
                U&'\0627\0627\0627\0627\064A\064A\064A\0643\0643\0647\0647\0647\0647\0647\0647\0647\0648\064A');
        end if;
        if body ~ '[\u0e00-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff\ua000-\ua4cf\uac00-\ud7a3\U0001b000-\U0001b16f\U00020000-\U0003ffff]' then
            body := store.with_letter_pairs(body, alone);
        end if;
    end if;
    -- What Postgres would read as a part of a number, a host, a path, a tag or a compound; and letters that are
    -- written as apostrophes.
    return regexp_replace(body, '[-./:@_&<>+~%=?#\\\u02b9-\u02bf\u02c8\u055a\u05f3\u05f4\u2018\u2019\u2044\ua78b\ua78c]+', ' ', 'g');
end $$;
comment on function store.search_text is 'A text with its words divided by spaces.';

do $do$
declare
    language record;
    stems text := '';
    searched text := '';
begin
    for language in
        select cfgname from pg_ts_config where cfgnamespace = 'store'::regnamespace and cfgname <> 'plain' order by 1
    loop
        stems := stems || format(E'\n        when %L then stems := to_tsvector(%L::regconfig, body);',
            language.cfgname, 'store.' || language.cfgname);
        searched := searched || format(E'\n                when %L then stem := plainto_tsquery(%L::regconfig, word);',
            language.cfgname, 'store.' || language.cfgname);
    end loop;
    execute format($body$
create function store.search_vector(language text, parts text[]) returns tsvector
language plpgsql immutable parallel safe as $$
declare
    body text := store.search_text(array_to_string(parts, ' 0000000000000000 '), true);
    words tsvector := to_tsvector('store.plain'::regconfig, body);
    stems tsvector;
begin
    case split_part(language, '-', 1)%s
        else null;
    end case;
    if stems is not null then
        -- Read as text, words and stems keep their places; `||` would put the stems behind the words.
        words := (words::text || ' ' || stems::text)::tsvector;
    end if;
    return ts_delete(words, '0000000000000000');
end $$$body$, stems);
    execute format($body$
create function store.search_term(term text, language text) returns tsquery
language plpgsql immutable parallel safe strict as $$
declare
    is_prefix boolean := right(term, 1) = '*';
    words text[] := string_to_array(btrim(regexp_replace(store.search_text(term, false), '\s+', ' ', 'g')), ' ');
    word text;
    found tsquery;
    plain tsquery;
    stem tsquery;
begin
    for n in 1 .. coalesce(cardinality(words), 0) loop
        word := words[n];
        plain := plainto_tsquery('store.plain'::regconfig, word);
        if is_prefix and n = cardinality(words) or word ~ '^u[0-9a-f]{5}$' then
            plain := case when numnode(plain) > 0 then (plain::text || ':*')::tsquery else plain end;
        else
            stem := null;
            case split_part(language, '-', 1)%s
                else null;
            end case;
            if numnode(stem) > 0 and stem <> plain then
                plain := plain || stem;
            end if;
        end if;
        if numnode(plain) > 0 then
            found := case when found is null then plain else found <-> plain end;
        end if;
    end loop;
    return found;
end $$$body$, searched);
end
$do$;
comment on function store.search_vector is 'The words of the parts of a text: as they stand, and stemmed in its language.';
comment on function store.search_term is
    'A word or a phrase that is searched: each word as it stands, or stemmed. A star at the end stands for any letters.';

create function store.search_query(terms text[], language text) returns tsquery
language plpgsql immutable parallel safe strict as $$
declare
    term text;
    one tsquery;
    every tsquery;
    any_of tsquery;
begin
    foreach term in array terms loop
        if term = '|' then
            any_of := coalesce(any_of || every, every, any_of);
            every := null;
        else
            one := store.search_term(substr(term, 2), language);
            if starts_with(term, '-') then
                one := !! one;
            end if;
            every := coalesce(every && one, one, every);
        end if;
    end loop;
    return coalesce(any_of || every, every, any_of, ''::tsquery);
end $$;
comment on function store.search_query is
    'Terms of which all have to be found: +word, -word that must not be, and | between alternatives.';

revoke execute on function store.letter_pairs(text, boolean), store.with_letter_pairs(text, boolean),
    store.search_text(text, boolean), store.search_vector(text, text[]), store.search_term(text, text),
    store.search_query(text[], text) from public;
grant execute on function store.letter_pairs(text, boolean), store.with_letter_pairs(text, boolean),
    store.search_text(text, boolean), store.search_term(text, text), store.search_query(text[], text)
    to briefing_reader;

-- The vector of a row was a generated column, whose expression can change only where the whole table is written anew
-- under a lock. It becomes a plain column that a trigger fills.

create function store.set_source_search() returns trigger language plpgsql as $$
begin
    new.search := store.search_vector(null, array[new.name, new.role, new.description] || new.aliases::text[]);
    return new;
end $$;

create function store.set_document_search() returns trigger language plpgsql as $$
begin
    new.search := store.search_vector(new.language, array[new.title]);
    return new;
end $$;

create function store.set_place_search() returns trigger language plpgsql as $$
begin
    new.search := store.search_vector(null, array[new.name, new.name_as_reported, new.admin1]);
    return new;
end $$;

create function store.set_briefing_search() returns trigger language plpgsql as $$
begin
    new.search := store.search_vector(new.language, array[new.title, new.summary]);
    return new;
end $$;

create function store.set_event_search() returns trigger language plpgsql as $$
begin
    new.search := store.search_vector(new.language, array[new.title, new.summary] || new.tags::text[]);
    return new;
end $$;

create function store.set_figure_search() returns trigger language plpgsql as $$
begin
    new.search := store.search_vector('en', array[new.population, new.value_text, new.caveat]);
    return new;
end $$;

create function store.set_quote_search() returns trigger language plpgsql as $$
begin
    new.search := store.search_vector(new.language, array[new.text, new.context]);
    if new.text_original is not null then
        new.search := ts_delete(new.search || $v$'0000000000000000':1$v$::tsvector
            || store.search_vector(new.language_original, array[new.text_original]), '0000000000000000');
    end if;
    return new;
end $$;

-- step: transaction
alter table store.source alter search drop expression;
create trigger source_search before insert or update of name, role, description, aliases on store.source
    for each row execute function store.set_source_search();

-- step: transaction
alter table store.document alter search drop expression;
create trigger document_search before insert or update of language, title on store.document
    for each row execute function store.set_document_search();

-- step: transaction
alter table store.place alter search drop expression;
create trigger place_search before insert or update of name, name_as_reported, admin1 on store.place
    for each row execute function store.set_place_search();

-- step: transaction
alter table store.briefing alter search drop expression;
create trigger briefing_search before insert or update of language, title, summary on store.briefing
    for each row execute function store.set_briefing_search();

-- step: transaction
alter table store.event alter search drop expression;
create trigger event_search before insert or update of language, title, summary, tags on store.event
    for each row execute function store.set_event_search();

-- step: transaction
alter table store.figure alter search drop expression;
create trigger figure_search before insert or update of population, value_text, caveat on store.figure
    for each row execute function store.set_figure_search();

-- step: transaction
alter table store.quote alter search drop expression;
create trigger quote_search before insert or update of language, text, context, language_original, text_original on store.quote
    for each row execute function store.set_quote_search();

-- step: rewrite source
update store.source set aliases = aliases where id = any($1)

-- step: rewrite document
update store.document set title = title where id = any($1)

-- step: rewrite place
update store.place set admin1 = admin1 where id = any($1)

-- step: rewrite briefing
update store.briefing set summary = summary where id = any($1)

-- step: rewrite event
update store.event set tags = tags where id = any($1)

-- step: rewrite figure
update store.figure set caveat = caveat where id = any($1)

-- step: rewrite quote
update store.quote set text_original = text_original where id = any($1)
