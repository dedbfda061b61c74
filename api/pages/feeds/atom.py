"""Write a feed as Atom (RFC 4287), with tombstones for withdrawn records (RFC 6721)."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from api.pages.feeds.feed import Feed, FeedEntry, Tombstone
from api.pages.files import TITLE

NAMESPACE = "http://www.w3.org/2005/Atom"
DELETED = "http://purl.org/atompub/tombstones/1.0"
XML = "http://www.w3.org/XML/1998/namespace"
# Characters that XML 1.0 does not allow, not even escaped.
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ElementTree.register_namespace("", NAMESPACE)
ElementTree.register_namespace("at", DELETED)


def write_atom(feed: Feed) -> bytes:
    """Return the document. The newest of its entries and tombstones come first."""
    root = ElementTree.Element(_name("feed"))
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", feed.updated)
    _add(root, "generator", TITLE)
    _add(_add(root, "author"), "name", TITLE)
    _link(root, "self", feed.address, "application/atom+xml")
    _link(root, "alternate", feed.table, "text/html")
    if feed.next:
        _link(root, "next", feed.next, "application/atom+xml")
    for tombstone in feed.tombstones:
        root.append(_write_tombstone(tombstone))
    for entry in feed.entries:
        root.append(_write_entry(entry))
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _write_entry(entry: FeedEntry) -> ElementTree.Element:
    element = ElementTree.Element(_name("entry"))
    if entry.language:
        element.set(f"{{{XML}}}lang", _clean(entry.language))
    _add(element, "id", entry.id)
    _add(element, "title", entry.title)
    _add(element, "published", entry.published)
    _add(element, "updated", entry.updated)
    _link(element, "alternate", entry.page, "text/html")
    _link(element, "alternate", entry.data, "application/json")
    for category in entry.categories:
        ElementTree.SubElement(element, _name("category"), {"term": _clean(category)})
    if entry.rights:
        _add(element, "rights", entry.rights)
    _add(element, "content", entry.text).set("type", "text")
    return element


def _write_tombstone(tombstone: Tombstone) -> ElementTree.Element:
    attributes = {"ref": tombstone.id, "when": tombstone.withdrawn_at}
    element = ElementTree.Element(f"{{{DELETED}}}deleted-entry", attributes)
    comment = ElementTree.SubElement(element, f"{{{DELETED}}}comment")
    comment.text = _clean(tombstone.reason)
    _link(element, "related", tombstone.page, "text/html")
    return element


def _add(parent: ElementTree.Element, name: str, text: str | None = None) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, _name(name))
    if text is not None:
        element.text = _clean(text)
    return element


def _link(parent: ElementTree.Element, relation: str, address: str, media_type: str) -> None:
    attributes = {"rel": relation, "type": media_type, "href": _clean(address)}
    ElementTree.SubElement(parent, _name("link"), attributes)


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _clean(text: str) -> str:
    """Return a text with a replacement for each character that XML does not allow."""
    return NOT_IN_XML.sub("\ufffd", text)
