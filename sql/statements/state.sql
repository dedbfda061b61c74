-- List the objects and grants in the schemas $1, one fact a row: schemas, relations, functions, triggers, constraints,
-- domains, text search configurations, extensions, the roles $2, and the grants to these roles and to public. A fact
-- about a grant is the statement that makes it. Names are complete if the search path is pg_catalog alone.
--
-- Leave out the owner's rights and not-null constraints, whose names differ between versions of Postgres.
with namespace as (
    select * from pg_namespace where nspname = any($1)
), grantee as (
    select oid, quote_ident(rolname) as name from pg_roles where rolname = any($2)
    union all select 0, 'public'
), relation as (
    select pg_class.*, case relkind when 'S' then 'sequence' else 'table' end as granted,
        case relkind when 'v' then 'view' when 'S' then 'sequence' when 'm' then 'materialized view' else 'table' end as kind
    from pg_class join namespace on namespace.oid = relnamespace where relkind in ('r', 'p', 'v', 'm', 'S')
), routine as (
    select pg_proc.* from pg_proc join namespace on namespace.oid = pronamespace
    where not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e')
), domain as (
    select pg_type.* from pg_type join namespace on namespace.oid = typnamespace where typtype = 'd'
), acl as (
    select 'schema' as kind, quote_ident(nspname) as name, nspowner as owner,
        coalesce(nspacl, acldefault('n', nspowner)) as items from namespace
    union all
    select granted, oid::regclass::text, relowner,
        coalesce(relacl, acldefault(case granted when 'sequence' then 's' else 'r' end::"char", relowner)) from relation
    union all
    select 'function', oid::regprocedure::text, proowner, coalesce(proacl, acldefault('f', proowner)) from routine
)
select format('grant %s on %s %s to %s', lower(privilege_type), acl.kind, acl.name, grantee.name) as fact
from acl cross join aclexplode(acl.items) as item join grantee on grantee.oid = item.grantee
where item.grantee <> acl.owner
union all
select 'extension ' || quote_ident(extname) from pg_extension where extname <> 'plpgsql'
union all
-- A role that reads for callers must not have the rights of an administrator.
select 'role ' || quote_ident(rolname) from pg_roles
where rolname = any($2) and not (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)
union all
select 'schema ' || quote_ident(nspname) from namespace
union all
select format('%s %s', kind, oid::regclass) from relation
union all
select 'index ' || indexrelid::regclass from pg_index join relation on relation.oid = indrelid where indisvalid
union all
select 'function ' || oid::regprocedure from routine
union all
select 'domain ' || format_type(oid, null) from domain
union all
select format('trigger %I on %s', tgname, tgrelid::regclass)
from pg_trigger join relation on relation.oid = tgrelid where not tgisinternal and tgenabled <> 'D'
union all
select format('constraint %I on %s', conname, relation.oid::regclass)
from pg_constraint join relation on relation.oid = conrelid where contype in ('c', 'f', 'p', 'u', 'x')
union all
select format('constraint %I on %s', conname, format_type(domain.oid, null))
from pg_constraint join domain on domain.oid = contypid where contype = 'c'
union all
select format('text search configuration %I.%I', nspname, cfgname)
from pg_ts_config join namespace on namespace.oid = cfgnamespace
