"""The types of values in a load file, each a row of a table: its check, and its JSON Schema in the contract.

Nothing is coerced: "5" is not a number, and a time without an offset is not a time. Results are normalized, so that
equal values are written alike: times in UTC, numbers without trailing zeros, degrees with at most 7 decimals and no -0.
The database checks the same in sql/migrations/0002_domains.sql.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.ingest.formatting import format_value
from api.model import StoredField
from api.model.countries import COUNTRIES
from api.query.globe import round_degrees

YEARS = range(1000, 9999)
CLEAN = r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\u202A-\u202E\u2066-\u2069]*$"
LINE_BYTES = 2600  # an entry of a Postgres index has at most 2,704 bytes, including the id beside the line
URL = r"^https?://[^\s\u0000-\u0020\u007F\u202A-\u202E\u2066-\u2069]+$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
PRINTABLE = r"^[^\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]+$"
SCHEME = r"^[a-z0-9][a-z0-9_-]*$"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MILLIONTH = Decimal("0.000001")
NUMBERS = (int, Decimal)
CACHE_SIZE = 8192  # days and times come again and again

# The meanings of patterns in words, for error messages.
MEANINGS = {
    CLEAN: "text without control characters and bidirectional overrides",
    PRINTABLE: "printable characters",
    URL: "an address that begins with http:// or https://",
    LANGUAGE: "a language tag [BCP 47] such as en or pt-BR",
    SCHEME: "a scheme in lower case such as wikidata",
}


def refusal(detail: str) -> PydanticCustomError:
    """Return an error with a text of our own."""
    return PydanticCustomError("refused", "{detail}", {"detail": detail})


def _check_bytes(value: str) -> str:
    if len(value) > LINE_BYTES // 4 and len(value.encode()) > LINE_BYTES:
        raise refusal(f"expected at most {LINE_BYTES} bytes in UTF-8")
    return value


def _check_country(value: str) -> str:
    if value not in COUNTRIES:
        raise refusal(f"{format_value(value)} is no country code [ISO 3166-1 alpha-2, upper case] such as UA")
    return value


def _read_moment(value: Any) -> str:
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        raise refusal("expected a time with its offset [RFC 3339] such as 2022-03-06T14:30:00Z")
    return _in_utc(value)


@lru_cache(maxsize=CACHE_SIZE)
def _in_utc(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise refusal(f"there is no time {value}") from None
    if moment.year not in YEARS:
        raise refusal(f"expected a year from {YEARS[0]} to {YEARS[-1]}")
    return moment.isoformat()[:-6] + "Z"


def _read_day(value: Any) -> str:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise refusal("expected a date [ISO 8601] such as 2022-03-06")
    return _check_calendar(value)


@lru_cache(maxsize=CACHE_SIZE)
def _check_calendar(value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise refusal(f"there is no date {value}") from None
    if day.year not in YEARS:
        raise refusal(f"expected a year from {YEARS[0]} to {YEARS[-1]}")
    return value


def _read_amount(value: Any) -> Decimal:
    if not isinstance(value, NUMBERS) or isinstance(value, bool):
        raise refusal("expected a number, without quotation marks")
    number = Decimal(value)
    if not -(10**15) < number < 10**15:
        raise refusal("expected a number below 1e15")
    # Zero may come with any exponent, and is the one number that quantize could not take then.
    if number:
        rounded = number.quantize(MILLIONTH)
        if number != rounded:
            raise refusal(f"expected at most 6 decimals, so {rounded}")
    return number


def _degrees_reader(limit: int) -> Callable[[Any], float]:
    def read_degrees(value: Any) -> float:
        if not isinstance(value, NUMBERS) or isinstance(value, bool):
            raise refusal("expected degrees as a number, without quotation marks")
        if not -limit <= value <= limit:
            raise refusal(f"expected degrees from {-limit} to {limit}")
        return round_degrees(float(value))

    return read_degrees


def _text(max_length: int, pattern: str = CLEAN) -> Any:
    return Annotated[str, StringConstraints(strict=True, min_length=1, max_length=max_length, pattern=pattern)]


def _number(read: Callable[[Any], Any], **bounds: int) -> Any:
    return Annotated[Any, BeforeValidator(read), WithJsonSchema({"type": "number", **bounds})]


def _time_text(read: Callable[[Any], str], form: str, pattern: re.Pattern[str]) -> Any:
    schema = {"type": "string", "format": form, "pattern": f"^{pattern.pattern}$"}
    return Annotated[Any, BeforeValidator(read), WithJsonSchema(schema)]


LINE: Any = Annotated[_text(1000), AfterValidator(_check_bytes)]
PROSE = _text(20_000)
NAME = _text(200, PRINTABLE)

# The domains of the model's fields. A column of a table has the domain of the same name, if there is one.
BY_DOMAIN: dict[str, Any] = {
    "line": LINE,
    "prose": PROSE,
    "passage": _text(300),
    "url": _text(2000, URL),
    "language": _text(35, LANGUAGE),
    "country": Annotated[str, AfterValidator(_check_country), WithJsonSchema({"enum": sorted(COUNTRIES)})],
    "scheme": _text(50, SCHEME),
    "latitude": _number(_degrees_reader(90), minimum=-90, maximum=90),
    "longitude": _number(_degrees_reader(180), minimum=-180, maximum=180),
    "moment": _time_text(_read_moment, "date-time", MOMENT),
    "day": _time_text(_read_day, "date", DAY),
    "amount": _number(_read_amount, exclusiveMinimum=-(10**15), exclusiveMaximum=10**15),
}


def scalar(field: StoredField) -> Any:
    """Return the type that checks the values of this field."""
    return BY_DOMAIN[field.checked]
