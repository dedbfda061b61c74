-- Who uses what is deprecated, so that an operator knows whom to tell: the id of a key, or `anonymous` for all who have
-- none; a version, and the part of it, empty where the version itself is deprecated.
create table access.outdated (
    caller text not null,
    version text not null,
    part text not null,
    uses bigint not null check (uses > 0),
    first_used_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    primary key (caller, version, part)
);
revoke all on access.outdated from public;
grant select, insert, update on access.outdated to briefing_access;
