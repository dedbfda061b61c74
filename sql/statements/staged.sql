-- The records of one file while they are loaded. An empty record is a withdrawal: it contains only the id or key and
-- the reason.
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
    key_forms text not null,
    doubts text
) on commit drop
