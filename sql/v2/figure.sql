-- The code of a unit; null for a text that has none. The texts are those of api/model/units.py, and a test compares
-- the two. The filter by code looks for the texts, so that it needs no index of its own.
create function v2.unit_code(unit text) returns text language sql immutable parallel safe return '{
    "persons": "persons", "person": "persons", "people": "persons", "households": "households",
    "household": "households", "items": "items", "item": "items", "%": "percent", "percent": "percent",
    "per cent": "percent", "kg": "kg", "kilograms": "kg", "kilogrammes": "kg", "t": "t", "tonnes": "t",
    "metric tons": "t", "m": "m", "metres": "m", "meters": "m", "km": "km", "kilometres": "km", "kilometers": "km",
    "km2": "km2", "km²": "km2", "sq km": "km2", "ha": "ha", "hectares": "ha", "l": "l", "litres": "l", "liters": "l",
    "m3": "m3", "m³": "m3", "min": "min", "minutes": "min", "h": "h", "hours": "h", "d": "d", "days": "d",
    "kWh": "kWh", "MW": "MW", "AED": "AED", "AFN": "AFN", "ALL": "ALL", "AMD": "AMD", "ANG": "ANG", "AOA": "AOA",
    "ARS": "ARS", "AUD": "AUD", "AWG": "AWG", "AZN": "AZN", "BAM": "BAM", "BBD": "BBD", "BDT": "BDT", "BGN": "BGN",
    "BHD": "BHD", "BIF": "BIF", "BMD": "BMD", "BND": "BND", "BOB": "BOB", "BRL": "BRL", "BSD": "BSD", "BTN": "BTN",
    "BWP": "BWP", "BYN": "BYN", "BZD": "BZD", "CAD": "CAD", "CDF": "CDF", "CHF": "CHF", "CLP": "CLP", "CNY": "CNY",
    "COP": "COP", "CRC": "CRC", "CUP": "CUP", "CVE": "CVE", "CZK": "CZK", "DJF": "DJF", "DKK": "DKK", "DOP": "DOP",
    "DZD": "DZD", "EGP": "EGP", "ERN": "ERN", "ETB": "ETB", "EUR": "EUR", "FJD": "FJD", "FKP": "FKP", "GBP": "GBP",
    "GEL": "GEL", "GHS": "GHS", "GIP": "GIP", "GMD": "GMD", "GNF": "GNF", "GTQ": "GTQ", "GYD": "GYD", "HKD": "HKD",
    "HNL": "HNL", "HRK": "HRK", "HTG": "HTG", "HUF": "HUF", "IDR": "IDR", "ILS": "ILS", "INR": "INR", "IQD": "IQD",
    "IRR": "IRR", "ISK": "ISK", "JMD": "JMD", "JOD": "JOD", "JPY": "JPY", "KES": "KES", "KGS": "KGS", "KHR": "KHR",
    "KMF": "KMF", "KPW": "KPW", "KRW": "KRW", "KWD": "KWD", "KYD": "KYD", "KZT": "KZT", "LAK": "LAK", "LBP": "LBP",
    "LKR": "LKR", "LRD": "LRD", "LSL": "LSL", "LYD": "LYD", "MAD": "MAD", "MDL": "MDL", "MGA": "MGA", "MKD": "MKD",
    "MMK": "MMK", "MNT": "MNT", "MOP": "MOP", "MRU": "MRU", "MUR": "MUR", "MVR": "MVR", "MWK": "MWK", "MXN": "MXN",
    "MYR": "MYR", "MZN": "MZN", "NAD": "NAD", "NGN": "NGN", "NIO": "NIO", "NOK": "NOK", "NPR": "NPR", "NZD": "NZD",
    "OMR": "OMR", "PAB": "PAB", "PEN": "PEN", "PGK": "PGK", "PHP": "PHP", "PKR": "PKR", "PLN": "PLN", "PYG": "PYG",
    "QAR": "QAR", "RON": "RON", "RSD": "RSD", "RUB": "RUB", "RWF": "RWF", "SAR": "SAR", "SBD": "SBD", "SCR": "SCR",
    "SDG": "SDG", "SEK": "SEK", "SGD": "SGD", "SHP": "SHP", "SLE": "SLE", "SOS": "SOS", "SRD": "SRD", "SSP": "SSP",
    "STN": "STN", "SYP": "SYP", "SZL": "SZL", "THB": "THB", "TJS": "TJS", "TMT": "TMT", "TND": "TND", "TOP": "TOP",
    "TRY": "TRY", "TTD": "TTD", "TWD": "TWD", "TZS": "TZS", "UAH": "UAH", "UGX": "UGX", "USD": "USD", "UYU": "UYU",
    "UZS": "UZS", "VES": "VES", "VND": "VND", "VUV": "VUV", "WST": "WST", "XAF": "XAF", "XCD": "XCD", "XOF": "XOF",
    "XPF": "XPF", "YER": "YER", "ZAR": "ZAR", "ZMW": "ZMW", "ZWG": "ZWG"
}'::jsonb ->> unit;

-- The numbers of an amount as decimal strings if one of them has more digits than a double holds; else null.
create function v2.decimals(value numeric, low numeric, high numeric) returns jsonb
    language sql immutable parallel safe return
    case when greatest(length(translate(value::text, '-.', '')), length(translate(low::text, '-.', '')),
        length(translate(high::text, '-.', ''))) > 15
    then jsonb_build_object('value', value::text, 'low', low::text, 'high', high::text) end;

create view v2.figure as
select id::text, key, dataset::text, revision, created_at, updated_at, briefing_id::text, event_id::text, place_id::text,
    measure::text, population::text, value::numeric, value_low::numeric, value_high::numeric, quantifier::text,
    value_text::text, bounds_basis::text, unit::text, as_of::date, period_start::date, period_end::date,
    basis::text, status::text, series::text, caveat::text, disputed, value_floor, search,
    case when not disputed then 'undisputed'
        when dispute_stances = '{blames}' then 'blame_disputed'
        else 'disputed' end as dispute_status,
    dispute_stances, v2.unit_code(unit) as unit_code,
    v2.decimals(value, value_low, value_high) as decimals
from store.figure where withdrawn is null;
