r"""Guard the texts of a CSV file against spreadsheets that run them as formulas.

A spreadsheet runs a cell whose first visible character is `=`, `+`, `-` or `@`. Spreadsheets read full-width and small
forms of these signs as the signs, and skip characters that show nothing. So the guard skips white space, control and
format characters, and looks at what follows. A guarded text begins with an apostrophe that is not part of it.
"""

from __future__ import annotations

# Control, format, private-use and space characters (categories Cc, Cf, Co, Z*), the other code points that programs
# ignore by Unicode if they cannot show them, the blank Braille pattern, and code points that are no characters.
# tests/compiler/test_formula.py compares these ranges with the Unicode data of Python.
INVISIBLE = (
    r"\u0001-\u0020\u007f-\u00a0\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f-\u1160\u1680"
    r"\u17b4-\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ue000-\uf8ff\ufdd0-\ufdef"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe-\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U0001fffe-\U0001ffff\U0002fffe-\U0002ffff\U0003fffe-\U0010ffff"
)
# The signs, every character whose compatibility form (NFKC) begins with one of them, and the minus sign U+2212.
SIGNS = r"+=@\u207a-\u207c\u208a-\u208c\u2212\u2a75-\u2a76\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20-"
# The number of characters that are looked at. A text without a visible one among them is guarded too.
GUARD_CHARACTERS = 100
# A text that begins with a tab or a line end is always guarded [OWASP, CSV injection].
# A text with apostrophes before such a beginning is guarded too, so that different texts have different cells.
FORMULA = rf"^\u0027*([\u0009\u000a\u000d]|[{INVISIBLE}]*([{SIGNS}]|$))"
# Ranges of code points at which no formula begins: digits, the letters A to z, Greek to Armenian, Chinese to Korean.
SAFE = ((48, 60), (65, 122), (880, 1535), (13312, 55295))
NUMBER = r"^[-+]?[0-9]+(\.[0-9]+)?$"


def guard(text: str, *, numbers: bool) -> str:
    """Return the SQL expression of the guard before a text: an apostrophe or an empty text. With `numbers`, a plain
    number needs no guard."""
    # Looking at the code of the first character is enough for most texts. The pattern takes 2 µs more.
    ranges = ",".join(f"[{first},{last}]" for first, last in SAFE)
    is_safe = f"ascii({text}) <@ '{{{ranges}}}'::int4multirange"
    is_formula = f"left({text}, {GUARD_CHARACTERS}) ~ '{FORMULA}'"
    if numbers:
        is_formula += f" and {text} !~ '{NUMBER}'"
    return f"case when {is_safe} then '' when {is_formula} then '''' else '' end"
