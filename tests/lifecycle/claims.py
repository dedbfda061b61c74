"""The edits that add the resource `claim` to a copy of the tree: those of "Another resource" in CONTRIBUTING.md.

The folder `claim` contains the new files. EDITS are the lines that existing files get.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from tests.lifecycle.trees import briefing

NEW = Path(__file__).with_name("claim")
SAMPLE = "api/sample/rferl-2022-03-06.json"
LOADING = "docs/loading.md"
CLAIM = """,
  "claims": [
    {
      "key": "corridor-kept",
      "event": "third-round-of-talks",
      "text": "Both sides kept the ceasefire.",
      "status": "unverified",
      "speaker": "david-arakhamia",
      "claimed_at": "2022-03-06T00:00:00Z",
      "verdicts": [{ "rating": "mixed", "source": "rferl" }]
    }
  ]
}
"""
VOCABULARIES = '''

class ClaimStatus(Vocabulary):
    """The outcome of a claim."""

    unverified = "Nobody has checked it."
    supported = "Those who checked it found it to be so."
    refuted = "Those who checked it found it not to be so."


class VerdictRating(Vocabulary):
    """The finding of someone who checked a claim."""

    correct = "It is so."
    incorrect = "It is not so."
    mixed = "A part of it is so."
'''
LINKS = """    "Claim": {
        "briefing": ("one", "Briefing", "briefing_id"),
        "event": ("one", "Event", "event_id"),
        "speaker": ("one", "Source", "speaker_id"),
        "verdicts": ("children", "Verdict", ""),
    },
    "Verdict": {"source": ("one", "Source", "source_id")},
"""
BACK = '        "claims": ("many", "Claim", "briefing_id"),\n'
ROWS = """

def _claim(dataset: Dataset, place: int) -> Row:
    return {
        "briefing_id": _maybe(dataset, dataset.ids("briefing"), 0.8),
        "event_id": _maybe(dataset, dataset.ids("event"), 0.6),
        "speaker_id": dataset.random.choice(dataset.ids("source")),
        "text": _text(dataset),
        "language": dataset.random.choice(["en", "fr"]),
        "status": dataset.random.choice(["unverified", "refuted"]),
        "claimed_at": _moment(dataset),
    }


def _verdict(dataset: Dataset, claim: str, position: int) -> Row:
    return {
        "record_id": claim,
        "position": position,
        "rating": dataset.random.choice(["correct", "incorrect", "mixed"]),
        "statement": _maybe(dataset, [_text(dataset)], 0.4),
        "source_id": dataset.random.choice(dataset.ids("source")),
    }
"""
VERDICTS = """    dataset.tables["verdict"] = [
        _verdict(dataset, claim, position)
        for place, claim in enumerate(dataset.ids("claim"))
        for position in range(place % 4)
    ]
"""
# By file: the text before which a line is inserted, and the line. Without such a text the line comes last.
EDITS: dict[str, tuple[tuple[str, str], ...]] = {
    "api/model/vocabularies.py": (("", VOCABULARIES),),
    "api/model/__init__.py": (
        ("from api.model.document", "from api.model.claim import Claim, Verdict\n"),
        ("    Citation,\n", "    Claim,\n"),
        (")  # type: ignore[assignment]", "    Verdict,\n"),
    ),
    "api/catalog/v2/__init__.py": (
        ("from api.catalog.v2.document", "from api.catalog.v2.claim import Claim, Verdict\n"),
        (" Withdrawal, Edition],", " Claim, Verdict,"),
    ),
    "api/catalog/v2/briefing.py": (
        ("", '    claims = many("claim", "The claims that it tells of.", by="briefing_id")\n'),
    ),
    "api/catalog/v2/event.py": (
        ("    participants = linked()", '    claims = many("claim", "What is claimed about it.", by="event_id")\n'),
    ),
    "api/catalog/v2/source.py": (("", '    claims = many("claim", "What it claimed.", by="speaker_id")\n'),),
    "tests/agreement/reference.py": (
        ('        "participants": (', '        "claims": ("many", "Claim", "event_id"),\n'),
        ('        "documents": (', '        "claims": ("many", "Claim", "speaker_id"),\n'),
        ('        "publisher": ("one", "Source", "publisher_id"),\n        "events"', BACK),
        ('    "Withdrawal": {},', LINKS),
        (
            '    "Citation": ("recordId", False),',
            '    "Claim": ("claimedAt", True),\n    "Verdict": ("recordId", False),\n',
        ),
        ('"Withdrawal": "change"}', '"Verdict": "position", '),
        ('    *("resource", "basis"', '    "rating",\n'),
    ),
    "tests/agreement/dataset.py": (
        ("    ):\n        dataset.tables[table] = []", '        ("claim", "clm", 90, _claim),\n'),
        ("\n\ndef _participant(", VERDICTS),
        ("", ROWS),
    ),
    SAMPLE: (),
    LOADING: (),
}


def _with_field_tables(tree: Path, text: str) -> str:
    """Return the document with the tables that `briefing mapping fields` of the copy prints."""
    before, mark, rest = text.partition("<!-- fields -->\n")
    _, end, after = rest.partition("\n<!-- end fields -->")
    tables = briefing(tree, "mapping", "fields").stdout.strip()
    return f"{before}{mark}{tables}{end}{after}"


def add_claims(tree: Path, without: Collection[str] = ()) -> None:
    """Make the edits in a copy of the tree, except those of the files in `without`."""
    for path in (path for path in NEW.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        name = path.relative_to(NEW).as_posix()
        if name not in without:
            shutil.copy(path, tree / name)
    for name, lines in EDITS.items():
        if name in without:
            continue
        path = tree / name
        text = path.read_text("utf-8")
        for before, line in lines:
            assert before in text, f"{name} has no {before!r} any more: the edits of this rehearsal are wrong"
            at = text.index(before) if before else len(text)
            text = text[:at] + line + text[at:]
        if name == SAMPLE:
            text = text.rstrip().removesuffix("}").rstrip() + CLAIM
        elif name == LOADING:
            text = _with_field_tables(tree, text)
        path.write_text(text, "utf-8")
