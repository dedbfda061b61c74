-- The key by which a file names a record, beside the dataset. It is not content: a record gets it when a load names it,
-- without a revision. This comes before 0031, which writes records as a load does, into the columns of the model.

-- step: transaction
alter table store.source add key text;
alter table store.source
    add constraint source_key check (length(key) between 1 and 200 and store.is_clean(key)) not valid;

-- step: transaction
alter table store.document add key text;
alter table store.document
    add constraint document_key check (length(key) between 1 and 200 and store.is_clean(key)) not valid;

-- step: transaction
alter table store.place add key text;
alter table store.place
    add constraint place_key check (length(key) between 1 and 200 and store.is_clean(key)) not valid;

-- step: transaction
alter table store.briefing add key text;
alter table store.briefing
    add constraint briefing_key check (length(key) between 1 and 200 and store.is_clean(key)) not valid;

-- step: transaction
alter table store.event add key text;
alter table store.event
    add constraint event_key check (length(key) between 1 and 200 and store.is_clean(key)) not valid;

-- step: transaction
alter table store.figure add key text;
alter table store.figure
    add constraint figure_key check (length(key) between 1 and 200 and store.is_clean(key)) not valid;

-- step: transaction
alter table store.quote add key text;
alter table store.quote
    add constraint quote_key check (length(key) between 1 and 200 and store.is_clean(key)) not valid;

-- step: transaction
alter table store.source validate constraint source_key;

-- step: transaction
alter table store.document validate constraint document_key;

-- step: transaction
alter table store.place validate constraint place_key;

-- step: transaction
alter table store.briefing validate constraint briefing_key;

-- step: transaction
alter table store.event validate constraint event_key;

-- step: transaction
alter table store.figure validate constraint figure_key;

-- step: transaction
alter table store.quote validate constraint quote_key;
