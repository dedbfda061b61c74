"""Check that everything stands in a store that the migrations of this release make, whatever its ledger says. A dump
that was restored into another cluster has its ledger, and may lack roles, grants and owners.

`sql/state.txt` lists what stands after all migrations and versions, a fact a line. A test records it from a new store,
so a migration needs no second list. `sql/statements/state.sql` reads the same facts from the catalogs of Postgres. What
is missing is put back if it is a role, a grant, an extension or an owner. All else is data, and is named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, partial

import asyncpg

from api.errors import SettingsError
from api.store import steps
from api.store.connection import Connection
from api.store.statements import FOLDER, statement, versions

RECORDED = FOLDER / "state.txt"
# The schemas of the store that belong to no version, and that of the ledger.
OWN_SCHEMAS = ("store", "access", "past")
LEDGER_SCHEMA = "migration"
GRANT = re.compile(r"grant (?P<privilege>\w+) on (?P<kind>\w+) (?P<name>.+) to (?P<grantee>\S+)")
ROLE = "role "
EXTENSION = "extension "
# Roles belong to the whole cluster, so another database may create one in this moment.
CREATE_ROLE = """
do $$ begin create role {role} nologin; exception when duplicate_object or unique_violation then null; end $$
"""
MAY_SET = "select pg_has_role(current_user, $1, 'set')"
NAMED = 5
WEAK = "nosuperuser nocreaterole nocreatedb noreplication nobypassrls"
MIGRATE = "Run `briefing migrate`."
RESTORE = "Objects come from the backup: restore it again into an empty database, and look at its errors."
REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError, asyncpg.UndefinedFileError)
# Postgres refuses to give objects to a role that the current one may not become, or that may not create them.
NOT_MENDED = (*REFUSED, asyncpg.InvalidGrantOperationError)


@dataclass(frozen=True)
class ForeignObject:
    """An object that does not belong to the owner of the store: its owner, its name, and the statement that gives it
    to the role whose name follows."""

    owner: str
    name: str
    statement: str


@dataclass(frozen=True)
class StateProblem:
    """A fault in a part of the state (roles, extensions, owners, grants, objects), and its remedy."""

    part: str
    text: str
    remedy: str


@dataclass(frozen=True)
class Difference:
    """The difference of a store to one that was just migrated: facts that are `missing`, grants that are `surplus`,
    `closed` roles that this account may not take on, `strong` roles that have rights of an administrator, and objects
    of other owners than the store's own."""

    user: str
    owner: str
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()
    foreign: tuple[ForeignObject, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus or self.closed or self.strong or self.foreign)

    @property
    def lost(self) -> list[str]:
        """The missing objects, which no grant or role can put back."""
        return [fact for fact in self.missing if not fact.startswith((ROLE, EXTENSION, "grant "))]

    @property
    def grants(self) -> list[str]:
        """The statements that put the grants right, of objects that stand."""
        lost = {fact.partition(" ")[2] for fact in self.lost}
        grants = []
        for fact in (*self.missing, *self.surplus):
            match = GRANT.fullmatch(fact)
            if match is None or match["name"] in lost:
                continue
            if fact in self.surplus:
                fact = f"revoke {match['privilege']} on {match['kind']} {match['name']} from {match['grantee']}"
            grants.append(fact)
        return grants

    @property
    def roles(self) -> list[str]:
        """The roles that are missing."""
        return [role for role in _named_after(ROLE, self.missing) if role not in self.strong]

    @property
    def extensions(self) -> list[str]:
        """The extensions that are missing."""
        return _named_after(EXTENSION, self.missing)

    def broken_versions(self) -> list[str]:
        """Return the versions whose views or functions are missing. They are made again as a whole, unless the tables
        below them are missing, too."""
        names: set[str] = set()
        for fact in self.lost:
            schema = _version_schema(fact)
            if schema is None:
                return []
            names.add(schema.removesuffix("_at"))
        return sorted(names)


@cache
def expected() -> frozenset[str]:
    """Return the facts of a store of this release. Those of a version that was retired do not count."""
    served: set[str | None] = {None}
    for script in versions():
        served |= {script.name, f"{script.name}_at"}
    facts = [line for line in RECORDED.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return frozenset(fact for fact in facts if _version_schema(fact) in served)


def _version_schema(fact: str) -> str | None:
    """Return the schema of a version that a fact is about; None if it is about none."""
    match = re.search(r" (v\d+(?:_at)?)(?:\.| to |$)", fact.partition("(")[0])
    return match and match[1]


def _named_after(prefix: str, facts: Iterable[str]) -> list[str]:
    return [fact.removeprefix(prefix) for fact in facts if fact.startswith(prefix)]


async def read_facts(connection: Connection, schemas: Collection[str], roles: Collection[str]) -> frozenset[str]:
    """Return what stands in these schemas, and the grants to these roles and to public."""
    async with connection.transaction(readonly=True):
        await connection.execute("set local search_path = pg_catalog")
        rows = await connection.fetch(statement("state"), list(schemas), list(roles))
    return frozenset(row["fact"] for row in rows)


async def find_difference(connection: Connection) -> Difference:
    """Compare the store with the recorded state of this release."""
    facts = expected()
    schemas = _named_after("schema ", facts)
    roles = _named_after(ROLE, facts)
    actual = await read_facts(connection, schemas, roles)
    surplus = []
    for fact in sorted(actual - facts):
        match = GRANT.fullmatch(fact)
        # Objects that this release does not make belong to the operator, and so do the grants on them.
        if match is not None and _is_made(match, facts):
            surplus.append(fact)
    present: list[str] = []
    closed: list[str] = []
    for role in roles:
        if f"{ROLE}{role}" not in actual:
            continue
        present.append(role)
        if not await connection.fetchval(MAY_SET, role):
            closed.append(role)
    names = await connection.fetch("select rolname from pg_roles where rolname = any($1)", roles)
    strong = sorted({row["rolname"] for row in names} - set(present))
    user = await connection.fetchval("select current_user")
    owner = await read_owner(connection)
    foreign = await _find_foreign(connection, schemas, owner)
    return Difference(
        user=user,
        owner=owner or user,
        missing=tuple(sorted(facts - actual)),
        surplus=tuple(surplus),
        closed=tuple(sorted(closed)),
        strong=tuple(strong),
        foreign=tuple(foreign),
    )


def _is_made(grant: re.Match[str], facts: Collection[str]) -> bool:
    kinds = ("table", "view", "materialized view") if grant["kind"] == "table" else (grant["kind"],)
    return any(f"{kind} {grant['name']}" in facts for kind in kinds)


async def read_owner(connection: Connection) -> str:
    """Return the role that owns the store: the owner of its schema. Empty if there is none."""
    owner = "select rolname from pg_namespace join pg_roles on pg_roles.oid = nspowner where nspname = 'store'"
    return await connection.fetchval(owner) or ""


async def _find_foreign(connection: Connection, schemas: Collection[str], owner: str) -> list[ForeignObject]:
    """Return the objects of these schemas and of the ledger that do not belong to this owner."""
    async with connection.transaction(readonly=True):
        await connection.execute("set local search_path = pg_catalog")
        rows = await connection.fetch(statement("owners"), [*schemas, LEDGER_SCHEMA])
    foreign: list[ForeignObject] = []
    for row in rows:
        item = ForeignObject(row["owner"], row["object"], row["statement"])
        if item.owner != owner:
            foreign.append(item)
    return foreign


async def mend_roles(connection: Connection) -> list[str]:
    """Create the roles that are missing, and let this account take them on. Return what was done, as far as this
    account may do it."""
    done = []
    for role in sorted(_named_after(ROLE, expected())):
        for wanted, command, text in (
            (f"select exists (select from pg_roles where rolname = '{role}')", CREATE_ROLE, f"role {role}"),
            (f"select pg_has_role(current_user, '{role}', 'set')", "grant {role} to current_user", f"member of {role}"),
        ):
            try:
                if not await connection.fetchval(wanted):
                    await steps.attempt(connection, text, partial(connection.execute, command.format(role=role)))
                    done.append(text)
            except (*NOT_MENDED, asyncpg.UndefinedObjectError):
                break
    return done


async def mend(connection: Connection, difference: Difference) -> list[str]:
    """Put back owners, extensions and grants. Return what was done, as far as this account may do it."""
    changes = [
        ("owners", _give_objects(difference.foreign, difference.owner)),
        ("extensions", [f"create extension if not exists {name}" for name in difference.extensions]),
        ("roles", _weaken(difference.strong)),
        ("grants", difference.grants),
    ]
    done = []
    for name, commands in changes:
        if not commands:
            continue
        try:
            await steps.attempt(connection, name, partial(connection.execute, "; ".join(commands)))
        except NOT_MENDED:
            continue  # What is left is named afterwards.
        done.append(f"{name} ({len(commands):,})")
    return done


def _give_objects(objects: Iterable[ForeignObject], owner: str) -> list[str]:
    """Return the statements that give objects to a role."""
    name = _quote(owner)
    return [f"{item.statement}{name}" for item in objects]


def _weaken(roles: Iterable[str]) -> list[str]:
    """Return the statements that take the rights of an administrator from roles."""
    return [f"alter role {role} {WEAK}" for role in roles]


async def give(connection: Connection, owner: str) -> None:
    """Make a role the owner of the store, who can then migrate it and load into it. SettingsError if this account may
    not do that, or if there is no such role."""
    roles = _named_after(ROLE, expected())
    await mend_roles(connection)
    if not await connection.fetchval("select exists (select from pg_roles where rolname = $1)", owner):
        raise SettingsError(f"There is no role {owner}.", f"As a superuser: create role {owner} login;")
    name = _quote(owner)
    database = _quote(await connection.fetchval("select current_database()"))
    foreign = await _find_foreign(connection, _named_after("schema ", expected()), owner)
    commands = [f"grant create on database {database} to {name}", f"grant {', '.join(sorted(roles))} to {name}"]
    commands += _give_objects(foreign, owner)
    try:
        await steps.attempt(connection, "owners", partial(connection.execute, "; ".join(commands)))
    except (*NOT_MENDED, asyncpg.UndefinedObjectError) as error:
        raise SettingsError(f"The store cannot be given to {owner}: {error}.", "Run it as a superuser.") from error


def list_problems(difference: Difference) -> list[StateProblem]:
    """Return what is wrong, by the part of the state, each with what to do."""
    user, owner = difference.user, difference.owner
    problems = []
    if difference.roles:
        commands = [f"create role {role} nologin" for role in difference.roles]
        commands.append(f"grant {', '.join(difference.roles)} to {_quote(user)} with set true")
        text = f"roles are missing: {_enumerate(difference.roles)}"
        problems.append(StateProblem("roles", text, _as_superuser(commands)))
    if difference.strong:
        commands = _weaken(difference.strong)
        text = f"roles that read for callers have rights of an administrator: {_enumerate(difference.strong)}"
        problems.append(StateProblem("roles", text, _as_superuser(commands)))
    if difference.closed:
        commands = [f"grant {', '.join(difference.closed)} to {_quote(user)} with set true"]
        text = f"{user} may not take on roles: {_enumerate(difference.closed)}"
        problems.append(StateProblem("roles", text, _as_superuser(commands)))
    if difference.extensions:
        commands = [f"create extension {name}" for name in difference.extensions]
        text = f"extensions are missing: {_enumerate(difference.extensions)}"
        problems.append(StateProblem("extensions", text, _as_superuser(commands)))
    if difference.foreign:
        names = [f"{item.name} ({item.owner})" for item in difference.foreign]
        text = f"objects do not belong to {owner}, which owns the store: {_enumerate(names)}"
        problems.append(StateProblem("owners", text, explain_owner(user, owner)))
    if difference.grants and not difference.roles:
        remedy = MIGRATE if user == owner else explain_owner(user, owner)
        problems.append(StateProblem("grants", f"grants are wrong: {_enumerate(difference.grants)}", remedy))
    if difference.lost:
        broken = difference.broken_versions()
        remedy = MIGRATE if broken else RESTORE
        problems.append(StateProblem("objects", f"objects are missing: {_enumerate(difference.lost)}", remedy))
    return problems


def explain(difference: Difference) -> SettingsError:
    """Return the error that names what is missing, and says what to do."""
    problems = list_problems(difference)
    texts = [problem.text for problem in problems]
    remedies = dict.fromkeys(problem.remedy for problem in problems)
    return SettingsError(f"The store is not complete: {'; '.join(texts)}.", " ".join(remedies))


def _as_superuser(commands: list[str]) -> str:
    return f"As a superuser: {'; '.join(commands)}; then `briefing migrate`."


def explain_owner(user: str, owner: str) -> str:
    """Return what to do if the store belongs to another role."""
    return (
        f"The store belongs to {owner}. Run `briefing migrate` as that role, or once as a superuser "
        f"`briefing migrate --owner {user}`."
    )


def _quote(name: str) -> str:
    """Return a name as SQL writes it if it may contain any character."""
    return '"' + name.replace('"', '""') + '"'


def _enumerate(names: Collection[str]) -> str:
    """Return the first of these names, and the number of the others."""
    first = list(names)[:NAMED]
    text = ", ".join(first)
    if len(names) > len(first):
        text += f" and {len(names) - len(first):,} more"
    return text
