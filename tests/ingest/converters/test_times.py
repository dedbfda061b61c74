"""Dates and times: each form is read, and nothing that is missing is assumed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.ingest.converters.patterns import names
from api.ingest.converters.values import ConversionError
from api.ingest.converters.zones import zone

Converted = Callable[..., Any]


@pytest.mark.parametrize(
    ("pattern", "missing"),
    [
        ("date:%d %B", "no year"),
        ("day:%d/%m", "no year"),
        ("moment:%d %b %H:%M", "no year"),
        ("zone:Europe/Kyiv %H:%M", "no year"),
        ("date:%Y-%m-%d or %d %B", "no year"),
        ("first_day:%B", "no year"),
        ("date:%B %Y", "gives a month and no day"),
        ("next_day:%Y", "gives a year and no day"),
        ("day:%G-W%V", "gives a week and no day"),
        ("date:%d %Y", "a day without a month"),
        ("date:%Y %A", "a day of the week or a time without a date"),
        ("first_day:%Y-%m %H", "a day of the week or a time without a date"),
        ("moment:%Y-%m-%d", "no time of day"),
        ("moment:%Y-%m-%d %I:%M", "an hour of 12 without %p"),
        ("moment:%Y-%m-%d %M", "a part of a time without the larger part"),
        ("date:%Y-V%V-%u", "half of a week"),
        ("date:%Y-%m-%d %B", "the same part twice"),
        ("date:%x", "depends on the machine's locale"),
        ("date:%Y-%m-%d %Q", "which is not read"),
        ("date:%d %B %Y in xx", "no names of months"),
        ("zone:Europe/Kyv", "did you mean Europe/Kyiv"),
    ],
)
def test_an_incomplete_date_pattern_is_a_fault_of_the_mapping(
    convert_text: Converted, pattern: str, missing: str
) -> None:
    with pytest.raises(ConversionError) as exc_info:
        convert_text(pattern)
    assert missing in str(exc_info.value)


@pytest.mark.parametrize(
    ("conversion", "value", "expected"),
    [
        ("date", "2021-05-09", "2021-05-09"),
        ("date", "2021-05-09T23:59:59+02:00", "2021-05-09"),
        ("date", "2021-05-09 12:00", "2021-05-09"),
        ("date:%d %B %Y", "9 May 2021", "2021-05-09"),
        ("date:%d %b %Y", "9 Sept. 2021", "2021-09-09"),
        ("date:%d.%m.%y", "09.05.68", "2068-05-09"),
        ("date:%d.%m.%y", "09.05.69", "1969-05-09"),
        ("date:%A, %d %B %Y", "Sunday, 9 May 2021", "2021-05-09"),
        ("date:%Y-%j", "2020-366", "2020-12-31"),
        ("date:%G-W%V-%u", "2020-W53-7", "2021-01-03"),
        ("date:%Y%m%d", 20210509, "2021-05-09"),
        ("date:100%% %Y/%m/%d", "100% 2021/5/9", "2021-05-09"),
        ("date:%d %B %Y in uk", "9 травня 2021", "2021-05-09"),
        ("date:%d %B %Y in uk", "9 ТРАВНЯ 2021", "2021-05-09"),
        ("date:%d %B %Y in fr or %d %B %Y in es", "9 mayo 2021", "2021-05-09"),
        ("date:%d %B %Y in fr", "9 février 2021", "2021-02-09"),
        ("date:%Y年%B%d日 in zh", "2021年12月9日", "2021-12-09"),
        ("date:%A %d %B %Y in uk", "п'ятниця 7 травня 2021", "2021-05-07"),
        ("next_day", "2021-12-31", "2022-01-01T00:00:00Z"),
        ("week", "2021-05-09", "2021-05-03T00:00:00Z"),
        ("next_week", "2021-05-09", "2021-05-10T00:00:00Z"),
        ("month", "2021-05-09", "2021-05-01T00:00:00Z"),
        ("next_month", "2021-12-09", "2022-01-01T00:00:00Z"),
        ("year", "2021-05-09", "2021-01-01T00:00:00Z"),
        ("next_year", "2021-05-09", "2022-01-01T00:00:00Z"),
        ("add_days:-9", "2021-05-09", "2021-04-30"),
        ("earliest", "2021-02", "2021-02-01T00:00:00Z"),
        ("latest", "2021-02", "2021-03-01T00:00:00Z"),
        ("first_day", "2021-02-00", "2021-02-01"),
        ("last_day", "2020-02-00", "2020-02-29"),
        ("last_day", "2021", "2021-12-31"),
        ("last_day", "2021-W01", "2021-01-10"),
        ("precision", "2021-00-00", "year"),
        ("precision", "2021-02", "month"),
        ("precision", "2021-W01", "week"),
        ("precision", "2021-02-03", "day"),
        ("precision:%d %B %Y or %B %Y or %Y", "May 2021", "month"),
        ("latest:%d %B %Y or %B %Y or %Y", "May 2021", "2021-06-01T00:00:00Z"),
        ("moment", "2021-05-09T05:30", "2021-05-09T05:30:00+00:00"),
        ("moment", "20210509T053000Z", "2021-05-09T05:30:00+00:00"),
        ("moment:%d.%m.%Y %H:%M %Z", "09.05.2021 05:30 gmt", "2021-05-09T05:30:00+00:00"),
        ("moment:%Y-%m-%d %H:%M%z", "2021-05-09 05:30+0530", "2021-05-09T05:30:00+05:30"),
        ("moment:%m/%d/%Y %I:%M %p", "05/09/2021 12:05 am", "2021-05-09T00:05:00+00:00"),
        ("zone:Europe/Kyiv", "2021-01-09T05:30", "2021-01-09T03:30:00+00:00"),
        ("zone:Europe/Kyiv", "2021-07-09T05:30", "2021-07-09T02:30:00+00:00"),
        ("zone:Asia/Kabul %d.%m.%Y %H:%M", "09.05.2021 05:30", "2021-05-09T01:00:00+00:00"),
        ("zone:Europe/Kyiv", "2021-07-09T05:30Z", "2021-07-09T05:30:00+00:00"),
        ("unix", "1620538200.25", "2021-05-09T05:30:00.250000+00:00"),
    ],
)
def test_dates_and_times_are_read(convert_text: Converted, conversion: str, value: Any, expected: str) -> None:
    assert convert_text(conversion, value) == expected


@pytest.mark.parametrize(
    ("conversion", "value"),
    # Without their leading zeros these could be several dates and times.
    [
        ("date:%d%m%Y", "1022022"),
        ("date:%Y%m%d", 2022111),
        ("date:%m%d%Y", "1112022"),
        ("moment:%Y-%m-%d %H%M", "2022-01-01 130"),
    ],
)
def test_numbers_side_by_side_have_all_their_digits(convert_text: Converted, conversion: str, value: Any) -> None:
    with pytest.raises(ConversionError):
        convert_text(conversion, value)


@pytest.mark.parametrize(
    ("conversion", "value", "expected"),
    [
        ("date", "2021-05", "is a month: first_day"),
        ("day", "2021", "is a year"),
        ("date", "2021-02-29", "there is no date"),
        ("date", "2021-05-09T24:30Z", "there is no date"),
        ("date:%d %B %Y", "30 February 2021", "there is no such time"),
        ("date:%A %d %B %Y", "Monday 9 May 2021", "the day of the week is another one"),
        ("date:%Y-%j", "2021-366", "has no day 366"),
        ("moment", "2021-05-09", "`day` takes a day"),
        ("moment:%Y-%m-%d %H:%M %Z", "2021-05-09 05:30 EET", "expected a time written as"),
        ("moment:%Y-%m-%d %H:%M %Z", "2021-05-09 05:30 CET", "zone:NAME reads local times"),
        ("zone:Europe/Kyiv", "2021-03-28T03:30", "the clocks went forward"),
        ("zone:Europe/Kyiv", "2021-10-31T03:30", "was twice"),
        ("latest", "9999", "before the year 9999"),
    ],
)
def test_an_invalid_date_or_time_is_refused(
    convert_text: Converted, conversion: str, value: str, expected: str
) -> None:
    with pytest.raises(ConversionError) as exc_info:
        convert_text(conversion, value)
    assert expected in str(exc_info.value)


READ = """
import locale, sys
try: locale.setlocale(locale.LC_ALL, "")
except locale.Error: pass
from api.ingest.converters import ConversionError, find_converter
from api.ingest.converters.values import Tables
for written, value in (
    ("moment:%d %B %Y %H:%M %Z", "24 May 2021 05:30 EET"), ("moment:%d %B %Y %H:%M %Z", "24 May 2021 05:30 UTC"),
    ("date:%d %b %Y", "24 May 2021"), ("date:%d %B %Y", "24 Mai 2021"), ("moment", "2021-05-24T05:30"),
    ("moment:%Y-%m-%d %I:%M %p", "2021-05-24 05:30 PM"), ("zone:America/New_York", "2021-05-24T05:30"), ("unix", 0),
):
    name, _, argument = written.partition(":")
    try: print(find_converter(name, argument).make(argument, Tables())(value))
    except ConversionError as error: print(error)
"""


def test_no_result_depends_on_the_zone_or_the_locale_of_the_machine() -> None:
    results = set()
    for zone_, locale in (("UTC", "C"), ("Europe/Kyiv", "de_DE.UTF-8"), ("America/New_York", "tr_TR.UTF-8")):
        environment = os.environ | {"TZ": zone_, "LC_ALL": locale, "PYTHONTZPATH": "", "PYTHONIOENCODING": "utf-8"}
        process = subprocess.run(
            [sys.executable, "-c", READ],
            env=environment,
            capture_output=True,
            cwd=Path(__file__).parents[3],
            check=True,
        )
        results.add(process.stdout)
    (result,) = results
    assert result.decode().splitlines()[1:] == [
        "2021-05-24T05:30:00+00:00",
        "2021-05-24",
        'expected a date written as %d %B %Y, got "24 Mai 2021"',
        "2021-05-24T05:30:00+00:00",
        "2021-05-24T17:30:00+00:00",
        "2021-05-24T09:30:00+00:00",
        "1970-01-01T00:00:00+00:00",
    ]


def test_zones_come_from_the_package_and_no_path_leads_out_of_it() -> None:
    assert zone("Asia/Kathmandu").key == "Asia/Kathmandu"
    for name in ("../zones", "/etc/localtime", "Europe", "europe/kyiv", ""):
        with pytest.raises(ConversionError):
            zone(name)


@pytest.mark.parametrize("language", ["en", "uk", "ar", "fr", "pt-BR", "zh", "fa", "tr"])
def test_a_language_has_a_name_for_each_month_and_day(language: str) -> None:
    assert set(names(language, "months").values()) == set(range(1, 13))
    assert set(names(language, "days").values()) == set(range(1, 8))
