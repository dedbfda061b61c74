"""Read the text of a search: words, "phrases", -exclusions, alternatives with `or`, and beginnings with a star.

The syntax is that of search engines on the web (https://www.postgresql.org/docs/current/textsearch-controls.html,
`websearch_to_tsquery`). All other signs only separate words.
"""

from __future__ import annotations

import re
from functools import lru_cache

from api.catalog import DeprecatedPart

# A phrase, closed or not, or any text up to the next space or quotation mark. There may be minus signs before it.
PART = re.compile(r'(-*)(?:"([^"]*)"?|([^\s"]+))')
# A letter or digit, except letters that are written as an apostrophe or only stretch a word: alone they are no word.
LETTER = re.compile(r"[^\W_\u02b9-\u02bf\u02c8\u0640\ua78b\ua78c]")
# Letters of the scripts that are written without spaces: each of them is a word to Postgres (sql/migrations).
RUNS = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff\ua000-\ua4cf"
    "\uac00-\ud7a3\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
WORD = re.compile(r"\w+")
# The languages that Postgres can stem (sql/migrations/0001_words.sql).
STEMMED = frozenset({
    "ar", "da", "de", "el", "en", "es", "fi", "fr", "hu", "id", "it", "lt", "ne", "nl", "no", "pt", "ro", "ru", "sr",
    "sv", "ta", "tr",
})  # fmt: skip
OR = "|"
# The fewest letters before a star. Many words share a shorter beginning, and Postgres would read all of them, so it is
# searched as a word. One letter of a script without spaces is enough. store.search_words counts again, in the word as
# Postgres reads it, which is shorter if it contains signs that Postgres leaves out.
MIN_PREFIX = 3
# Texts whose terms are remembered, because each search of a statement needs them several times. 4 MB at most.
REMEMBERED = 256


@lru_cache(maxsize=REMEMBERED)
def terms(text: str) -> tuple[str, ...]:
    """Return the terms of a search: `+word` that has to be found, `-word` that must not be found, and `|` between
    alternatives. A term may be a phrase, or end with a star. There are none if the text contains no word."""
    result: list[str] = []
    pending_or = ""
    for minus, phrase, word in PART.findall(text):
        # `or` is an operator between terms, otherwise a word.
        if word.lower() == "or" and not minus and result and not pending_or:
            pending_or = word
            continue
        term = word or phrase
        if not has_word(term):
            continue
        if not _is_prefix(word):
            term = term.replace("*", " ")
        if pending_or:
            result.append(OR)
            pending_or = ""
        sign = "-" if minus else "+"
        result.append(sign + term)
    if pending_or:
        result.append("+" + pending_or)
    return tuple(result)


def _is_prefix(word: str) -> bool:
    if not word.endswith("*"):
        return False
    beginning = re.split(r"\W", word.removesuffix("*"))[-1]
    return len(beginning) >= MIN_PREFIX or RUNS.search(beginning) is not None


def is_stemmed(language: str) -> bool:
    """Return True if the words of a language are found by their stems."""
    return language.partition("-")[0] in STEMMED


def unstemmed(name: str) -> DeprecatedPart:
    """Return the note about a language without a stemmer. `name` is the name of the input that contains it."""
    languages = ", ".join(sorted(STEMMED))
    return DeprecatedPart(
        name, f"there is no stemmer, so words are searched as they are written; stemmers are: {languages}"
    )


def has_word(text: str) -> bool:
    """Return True if a text contains a letter or a digit that can be searched."""
    return LETTER.search(text) is not None


@lru_cache(maxsize=REMEMBERED)
def count(text: str) -> int:
    """Return the approximate number of words that Postgres compares."""
    return len(WORD.findall(RUNS.sub(" x ", text)))
