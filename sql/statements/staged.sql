-- The records of one file on their way in. An empty record is a bare withdrawal: it says only which one and why.
create temporary table staged (
    number bigint not null,
    resource text not null,
    id text collate "C" not null,
    name text not null,
    keys text not null,
    reason text,
    digest text not null,
    record text not null,
    sort_key bytea,
    forms text not null,
    doubts text
) on commit drop
