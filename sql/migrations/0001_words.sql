-- Text search that ignores accents, one configuration a language that Postgres can stem, and `plain` for the rest.
create schema store;
create extension if not exists unaccent;

create text search configuration store.plain (copy = pg_catalog.simple);
alter text search configuration store.plain
    alter mapping for hword, hword_part, word with unaccent, simple;

do $$
declare
    language record;
    vector text := '';
    query text := '';
begin
    for language in
        select * from (values
            ('ar', 'arabic'), ('da', 'danish'), ('de', 'german'), ('el', 'greek'), ('en', 'english'),
            ('es', 'spanish'), ('fi', 'finnish'), ('fr', 'french'), ('hu', 'hungarian'), ('id', 'indonesian'),
            ('it', 'italian'), ('lt', 'lithuanian'), ('ne', 'nepali'), ('nl', 'dutch'), ('no', 'norwegian'),
            ('pt', 'portuguese'), ('ro', 'romanian'), ('ru', 'russian'), ('sr', 'serbian'), ('sv', 'swedish'),
            ('ta', 'tamil'), ('tr', 'turkish')
        ) as pair (code, stemmer)
    loop
        execute format('create text search configuration store.%I (copy = pg_catalog.%I)',
            language.code, language.stemmer);
        execute format('alter text search configuration store.%I
            alter mapping for hword, hword_part, word with unaccent, %I_stem', language.code, language.stemmer);
        vector := vector || format(' when %L then to_tsvector(%L::regconfig, body)',
            language.code, 'store.' || language.code);
        query := query || format(' when %L then websearch_to_tsquery(%L::regconfig, words)',
            language.code, 'store.' || language.code);
    end loop;
    -- The unstemmed words stand first, so that a name is found in whatever language it is asked for.
    execute format($body$
        create function store.word_vector(language text, body text) returns tsvector
        language sql immutable parallel safe
        return to_tsvector('store.plain'::regconfig, coalesce(body, ''))
            || coalesce(case split_part(language, '-', 1) %s end, ''::tsvector)$body$, vector);
    execute format($body$
        create function store.word_query(words text, language text) returns tsquery
        language sql immutable parallel safe
        return coalesce(websearch_to_tsquery('store.plain'::regconfig, words)
            || case split_part(language, '-', 1) %s end, websearch_to_tsquery('store.plain'::regconfig, words)
        )$body$, query);
end
$$;
comment on function store.word_vector is 'The words of a text: as they stand, and stemmed in its language.';
comment on function store.word_query is 'What a caller searches (websearch syntax): as it stands, or stemmed.';
