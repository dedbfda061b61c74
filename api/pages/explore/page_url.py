"""The URL of a page of the explorer: the parameters of its list, and the addresses that follow from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from api.catalog import Resource, Version
from api.rest.parameters import parameters
from api.rest.url import EXPORTED, SHARED, merge_repeated

# Characters that a value may have in a URL as they are: they separate the parts of values.
SAFE = ",:*"
# Parameters that choose a part of a list or what is shown of it. The others say which records there are.
SHOWING = ("include", "limit", "cursor", "count", "facets")
# The letters of all links of a page that repeat its query, one for each place or bar. A query has up to 8,000 letters.
MAX_LINK_LETTERS = 1_500_000


@dataclass(frozen=True)
class PageUrl:
    """The parameters of a page, each once, in their order. Several values of one are separated by commas."""

    version: Version
    resource: Resource
    pairs: tuple[tuple[str, str], ...]
    # The view of the list, and the length of its bars; empty for the table, and unless the URL says it.
    view: str = ""
    bucket: str = ""

    @property
    def texts(self) -> dict[str, str]:
        """The text of each parameter."""
        return dict(self.pairs)

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """The parameters that say which records there are."""
        return tuple(_leave_out(self.pairs, (*SHOWING, "sort")))

    def query(self, **changes: str) -> str:
        """Return the query with its `?`; empty without parameters. A change replaces a parameter, and an empty one
        leaves it out."""
        return write_query(_change((*self.own_pairs, *self.pairs), changes))

    def narrowed(self, **changes: str) -> str:
        """Return the query of the table with the filters of the page and other ones."""
        kept = _leave_out(self.pairs, ("cursor", "limit"))
        return write_query(_change(kept, changes))

    def to_view(self, view: str) -> str:
        """Return the address of another view of the same records."""
        pairs = _leave_out(self.pairs, ("cursor",))
        named = [("view", view)] if view != "table" else []
        return write_query([*named, *pairs]) or self.resource.plural

    @property
    def data_query(self) -> str:
        """The query of the records over REST."""
        return write_query(self.pairs)

    @property
    def count_query(self) -> str:
        """The query of counts of the records over REST."""
        return write_query(self.filters)

    @property
    def max_links(self) -> int:
        """The number of links that a page can have which repeat its query. Long queries would make huge pages."""
        return MAX_LINK_LETTERS // max(len(self.query()), 1)

    @property
    def own_pairs(self) -> list[tuple[str, str]]:
        """The parameters that the pages have and REST does not."""
        return [(name, value) for name, value in (("view", self.view), ("bucket", self.bucket)) if value]

    def without(self, name: str) -> str:
        """Return the query of the first page without a filter, and without the filters and the order that need it."""
        changes = {name: "", "cursor": ""}
        if name == "q":
            changes["q_language"] = ""
        rows = parameters(self.version, self.resource)
        for other in self.texts:
            row = rows.get(other)
            if row is not None and row.condition.needs and row.sibling(row.condition.needs) == name:
                changes[other] = ""
        if self._sort_needs() == name:
            changes["sort"] = ""
        return self.query(**changes) or self.resource.plural

    def _sort_needs(self) -> str:
        """Return the name of the filter that the order of the page needs; empty if it needs none."""
        order = self.texts.get("sort", "").removeprefix("-")
        if order == "relevance":
            return "q"
        field = self.resource.fields.get(order)
        return field.needs if field is not None else ""

    @property
    def export_query(self) -> str:
        """The query of a file with all records of the list, in its order."""
        not_exported = set(SHARED) - set(EXPORTED)
        return write_query(_leave_out(self.pairs, not_exported | {"limit"}))

    @property
    def feed_query(self) -> str:
        """The query of a feed of the list: its filters and its search. A feed shows the present."""
        return write_query(_leave_out(self.filters, ("known_at",)))


def clean_query(version: Version, resource: Resource, query_string: bytes) -> bytes | None:
    """Return the query without the empty fields of a form, with each parameter once; None if it is so already.

    Forms send all of their fields. REST refuses empty values, so that no program filters by nothing unawares.
    """
    pairs = [pair for pair in query_string.split(b"&") if pair]
    given = [pair for pair in pairs if pair.partition(b"=")[2]]
    if len(given) < len(pairs):
        given = _drop_needless(given)
    cleaned = merge_repeated(b"&".join(given), parameters(version, resource))
    return None if cleaned == query_string else cleaned


def read_page_url(
    version: Version, resource: Resource, query_string: bytes, view: str = "", bucket: str = ""
) -> PageUrl:
    """Return the parameters of a query that REST accepts, with the view of the page."""
    # As REST decodes it: a client may send bytes that no URL has.
    merged = merge_repeated(query_string, parameters(version, resource)).decode("latin-1")
    return PageUrl(version, resource, tuple(parse_qsl(merged, keep_blank_values=True)), view, bucket)


def write_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return parameters as the query of a URL with its `?`; empty without any."""
    query = urlencode(list(pairs), safe=SAFE, quote_via=quote)
    return f"?{query}" if query else ""


def _change(pairs: Iterable[tuple[str, str]], changes: dict[str, str]) -> list[tuple[str, str]]:
    kept = _leave_out(pairs, changes)
    return kept + [(name, value) for name, value in changes.items() if value]


def _leave_out(pairs: Iterable[tuple[str, str]], names: Collection[str]) -> list[tuple[str, str]]:
    """Return the parameters that have none of these names."""
    return [pair for pair in pairs if pair[0] not in names]


def _drop_needless(pairs: list[bytes]) -> list[bytes]:
    """Drop what a form sends beside a search that was left empty: its language, and the order by relevance."""
    names = {pair.partition(b"=")[0] for pair in pairs}
    if b"q" in names:
        return pairs
    return [pair for pair in pairs if pair != b"sort=relevance" and pair.partition(b"=")[0] != b"q_language"]
