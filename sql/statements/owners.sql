-- List the owner of each object in the schemas $1, and a statement that gives the object to another role. Append the
-- role's name to the statement. Leave out objects that share their table's owner (indexes, sequences of columns).
with namespace as (
    select * from pg_namespace where nspname = any($1)
), object as (
    select 'schema' as kind, quote_ident(nspname) as name, nspowner as owner, 0 as place from namespace
    union all
    select 'table', pg_class.oid::regclass::text, relowner, 1
    from pg_class join namespace on namespace.oid = relnamespace
    where relkind in ('r', 'p', 'v', 'm') or relkind = 'S' and not exists (
        select from pg_depend
        where classid = 'pg_class'::regclass and objid = pg_class.oid and refobjsubid > 0 and deptype in ('a', 'i'))
    union all
    select 'routine', pg_proc.oid::regprocedure::text, proowner, 1
    from pg_proc join namespace on namespace.oid = pronamespace
    where not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e')
    union all
    select 'domain', format_type(pg_type.oid, null), typowner, 1
    from pg_type join namespace on namespace.oid = typnamespace where typtype = 'd'
    union all
    select 'text search configuration', format('%I.%I', nspname, cfgname), cfgowner, 1
    from pg_ts_config join namespace on namespace.oid = cfgnamespace
)
select rolname as owner, format('%s %s', kind, name) as object, format('alter %s %s owner to ', kind, name) as statement
from object join pg_roles on pg_roles.oid = owner order by place, name
