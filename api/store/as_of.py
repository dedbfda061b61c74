"""Create the functions that show a version of the contract as of a change number, from the views that show it now.

`sql/vN` has a view for each resource. In the schema `vN_at` each gets a function of the same name that returns the
same rows as of a change number: `v2_at.event(7)`. Postgres replaces a call of it by its query, so filters and orders
reach the indexes. The query must be plain for that: no condition may stand within the parts of the `union all`, because
Postgres would then sort the whole list for a page of it.

The function reads a view that shows present rows and earlier versions with `since` and `until`. A function that is
replaced by its query has the rights of the caller. The view has the rights of its owner, so callers cannot read the
tables.
"""

from __future__ import annotations

import re

from api.store.statements import Script

# A view of records ends with the first form, a view of children with the second.
VIEW = re.compile(
    r"^create view (?P<version>v\d+)\.(?P<name>\w+) as\nselect (?P<columns>.*?)\n"
    r"from store\.(?P=name)(?: where withdrawn is null)?;$",
    re.MULTILINE | re.DOTALL,
)
# Children have no `since` while their record is withdrawn.
STANDS = re.compile(r"(?:--[^\n]*\n\s*)*(?:coalesce)?\((?:(?!\bas\b).)*?\) as stands$", re.DOTALL)
FOREVER = "9223372036854775807"
FUNCTIONS = """
do $$
declare
    shown record;
begin
    for shown in
        select relname as name, string_agg(quote_ident(attname), ', ' order by attnum) as columns
        from pg_class join pg_attribute on attrelid = pg_class.oid and attnum > 0
        where relnamespace = '{version}'::regnamespace and relkind = 'v'
            and to_regclass(format('{version}_at.%I', relname || '_version')) is not null
        group by relname
    loop
        execute format('create function {version}_at.%I(at bigint) returns setof {version}.%I language sql stable
            begin atomic select %s from {version}_at.%I where since <= at and until > at; end',
            shown.name, shown.name, shown.columns, shown.name || '_version');
    end loop;
end
$$;"""


def as_of(script: Script) -> str:
    """Return the SQL that creates the views and functions of `vN_at` for a version."""
    views = "".join(_build_version_view(match) for match in VIEW.finditer(script.text))
    return views + FUNCTIONS.format(version=script.name)


def _build_version_view(match: re.Match[str]) -> str:
    """Return the SQL of the view with the present rows and the earlier versions of a resource."""
    version, name = match["version"], match["name"]
    columns = STANDS.sub("true as stands", match["columns"])
    return f"""
create view {version}_at.{name}_version as
select {columns}, since, {FOREVER} as until
from store.{name}
union all
select {columns}, since, until
from past.{name};
"""
