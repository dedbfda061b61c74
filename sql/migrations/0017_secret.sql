-- Secrets that every process of the service knows and no caller does. That of entity tags makes them impossible to compute
-- from the public source. Each store makes its own: gen_random_uuid() is random by 122 bits.
create table access.secret (
    name access.name primary key,
    value bytea not null check (octet_length(value) = 32)
);
comment on table access.secret is 'Secrets of the service; briefing_reader cannot see them.';

insert into access.secret (name, value) values (
    'entity_tags',
    sha256(convert_to(concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8')));

revoke all on access.secret from public;
grant select on access.secret to briefing_access;
