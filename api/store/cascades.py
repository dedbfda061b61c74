"""The statements for withdrawals that a file does not name: of records that a complete file lacks, and of records that
depend on a withdrawn one."""

from __future__ import annotations

from functools import cache

from api.model import RECORDS, WRITE_ORDER, StoredLink
from api.store.load_statements import NOT_IN_FILE


@cache
def losses() -> str:
    """Return the SQL that counts, for each dataset with records that are withdrawn although the file does not name
    them, those records and all records that stand."""
    counts = " union all ".join(_count_losses(name) for name in WRITE_ORDER)
    return f"""
        select dataset, sum(lost)::bigint as lost, sum(held)::bigint as held from ({counts}) as counted
        group by dataset having sum(lost) > 0 order by dataset"""


def _count_losses(name: str) -> str:
    return f"""select held.dataset, count(staged.id) as lost, count(*) as held
            from store.{name} as held left join staged on staged.id = held.id and staged.number = {NOT_IN_FILE}
            where held.withdrawn is null and held.dataset is not null group by held.dataset"""


@cache
def links() -> tuple[tuple[str, StoredLink], ...]:
    """Return the resources whose records depend on others, each with the link. Parents come first. If a record has
    several parents, the parent that depends on the others comes first."""
    dependencies = []
    for name in WRITE_ORDER:
        links_to_parents = [link for link in RECORDS[name].references if link.depends]
        links_to_parents.sort(key=lambda link: WRITE_ORDER.index(link.target), reverse=True)
        dependencies += [(name, link) for link in links_to_parents]
    return tuple(dependencies)


def parents() -> tuple[str, ...]:
    """Return the resources on which records depend, the last ones in the order of writing first."""
    names = {link.target for _, link in links()}
    return tuple(sorted(names, key=WRITE_ORDER.index, reverse=True))


@cache
def cascade(name: str, link: StoredLink) -> str:
    """Return the SQL that stages the withdrawal of the records that depend, by this link, on a record that is staged as
    withdrawn, with the same reason. Records that the file contains are not changed."""
    return f"""
        insert into staged (number, resource, id, name, keys, reason, digest, record, key_forms)
        select {NOT_IN_FILE}, '{name}', held.id, held.id, '', parent.reason, '', '', ''
        from staged as parent join store.{name} as held on held.{link.column} = parent.id
        where parent.resource = '{link.target}' and parent.reason is not null and held.withdrawn is null
            and not exists (select from staged where staged.id = held.id)"""


@cache
def standing(name: str, link: StoredLink) -> str:
    """Return the SQL that counts the records that stand although their parent was withdrawn. $1 is the last number of
    the log before the load."""
    return f"""
        select count(*) from store.change join store.{name} as held on held.{link.column} = change.id
        where change.seq > $1 and change.resource = '{link.target}' and change.action = 'withdrawn'
            and held.withdrawn is null"""
