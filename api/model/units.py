"""The units of figures as codes. Each code has the texts that mean it in `unit`, which is free text."""

from api.model.types import Vocabulary

# Currencies in circulation, by their codes of ISO 4217, and HRK, which figures of the last years still name.
CURRENCIES = """
AED United Arab Emirates dirham
AFN Afghan afghani
ALL Albanian lek
AMD Armenian dram
ANG Netherlands Antillean guilder
AOA Angolan kwanza
ARS Argentine peso
AUD Australian dollar
AWG Aruban florin
AZN Azerbaijani manat
BAM Bosnia and Herzegovina convertible mark
BBD Barbados dollar
BDT Bangladeshi taka
BGN Bulgarian lev
BHD Bahraini dinar
BIF Burundian franc
BMD Bermudian dollar
BND Brunei dollar
BOB Bolivian boliviano
BRL Brazilian real
BSD Bahamian dollar
BTN Bhutanese ngultrum
BWP Botswana pula
BYN Belarusian rouble
BZD Belize dollar
CAD Canadian dollar
CDF Congolese franc
CHF Swiss franc
CLP Chilean peso
CNY Chinese yuan
COP Colombian peso
CRC Costa Rican colon
CUP Cuban peso
CVE Cabo Verde escudo
CZK Czech koruna
DJF Djiboutian franc
DKK Danish krone
DOP Dominican peso
DZD Algerian dinar
EGP Egyptian pound
ERN Eritrean nakfa
ETB Ethiopian birr
EUR Euro
FJD Fijian dollar
FKP Falkland Islands pound
GBP Pound sterling
GEL Georgian lari
GHS Ghanaian cedi
GIP Gibraltar pound
GMD Gambian dalasi
GNF Guinean franc
GTQ Guatemalan quetzal
GYD Guyanese dollar
HKD Hong Kong dollar
HNL Honduran lempira
HRK Croatian kuna, until 2022
HTG Haitian gourde
HUF Hungarian forint
IDR Indonesian rupiah
ILS Israeli new shekel
INR Indian rupee
IQD Iraqi dinar
IRR Iranian rial
ISK Icelandic krona
JMD Jamaican dollar
JOD Jordanian dinar
JPY Japanese yen
KES Kenyan shilling
KGS Kyrgyz som
KHR Cambodian riel
KMF Comorian franc
KPW North Korean won
KRW South Korean won
KWD Kuwaiti dinar
KYD Cayman Islands dollar
KZT Kazakhstani tenge
LAK Lao kip
LBP Lebanese pound
LKR Sri Lankan rupee
LRD Liberian dollar
LSL Lesotho loti
LYD Libyan dinar
MAD Moroccan dirham
MDL Moldovan leu
MGA Malagasy ariary
MKD Macedonian denar
MMK Myanmar kyat
MNT Mongolian tugrik
MOP Macanese pataca
MRU Mauritanian ouguiya
MUR Mauritian rupee
MVR Maldivian rufiyaa
MWK Malawian kwacha
MXN Mexican peso
MYR Malaysian ringgit
MZN Mozambican metical
NAD Namibian dollar
NGN Nigerian naira
NIO Nicaraguan cordoba
NOK Norwegian krone
NPR Nepalese rupee
NZD New Zealand dollar
OMR Omani rial
PAB Panamanian balboa
PEN Peruvian sol
PGK Papua New Guinean kina
PHP Philippine peso
PKR Pakistani rupee
PLN Polish zloty
PYG Paraguayan guarani
QAR Qatari riyal
RON Romanian leu
RSD Serbian dinar
RUB Russian rouble
RWF Rwandan franc
SAR Saudi riyal
SBD Solomon Islands dollar
SCR Seychellois rupee
SDG Sudanese pound
SEK Swedish krona
SGD Singapore dollar
SHP Saint Helena pound
SLE Sierra Leonean leone
SOS Somali shilling
SRD Surinamese dollar
SSP South Sudanese pound
STN Sao Tome and Principe dobra
SYP Syrian pound
SZL Swazi lilangeni
THB Thai baht
TJS Tajikistani somoni
TMT Turkmenistani manat
TND Tunisian dinar
TOP Tongan pa'anga
TRY Turkish lira
TTD Trinidad and Tobago dollar
TWD New Taiwan dollar
TZS Tanzanian shilling
UAH Ukrainian hryvnia
UGX Ugandan shilling
USD United States dollar
UYU Uruguayan peso
UZS Uzbekistani sum
VES Venezuelan bolivar
VND Vietnamese dong
VUV Vanuatu vatu
WST Samoan tala
XAF Central African CFA franc
XCD East Caribbean dollar
XOF West African CFA franc
XPF CFP franc
YER Yemeni rial
ZAR South African rand
ZMW Zambian kwacha
ZWG Zimbabwe gold
"""

UNITS = {
    "persons": "People.",
    "households": "Households.",
    "items": "Things of any kind.",
    "percent": "Percent of a whole.",
    "kg": "Kilograms.",
    "t": "Metric tons: 1,000 kg.",
    "m": "Metres.",
    "km": "Kilometres.",
    "km2": "Square kilometres.",
    "ha": "Hectares.",
    "l": "Litres.",
    "m3": "Cubic metres.",
    "min": "Minutes.",
    "h": "Hours.",
    "d": "Days.",
    "kWh": "Kilowatt-hours.",
    "MW": "Megawatts.",
}

# The codes that texts spell otherwise, too. What is not certain has no code: a ton may be short, long or metric.
SPELLINGS = {
    "persons": ("persons", "person", "people"),
    "households": ("households", "household"),
    "items": ("items", "item"),
    "percent": ("%", "percent", "per cent"),
    "kg": ("kg", "kilograms", "kilogrammes"),
    "t": ("t", "tonnes", "metric tons"),
    "m": ("m", "metres", "meters"),
    "km": ("km", "kilometres", "kilometers"),
    "km2": ("km2", "km²", "sq km"),
    "ha": ("ha", "hectares"),
    "l": ("l", "litres", "liters"),
    "m3": ("m3", "m³"),
    "min": ("min", "minutes"),
    "h": ("h", "hours"),
    "d": ("d", "days"),
}


class UnitCode(Vocabulary):
    """The unit of a figure: one of the usual units, or a currency [ISO 4217]."""

    @classmethod
    def terms(cls) -> dict[str, str]:
        """The units, then the currencies."""
        currencies = {line[:3]: f"{line[4:]}." for line in CURRENCIES.splitlines() if line}
        return UNITS | currencies

    @classmethod
    def spellings(cls, term: str) -> tuple[str, ...]:
        """The texts of `unit` that a code stands for."""
        return SPELLINGS.get(term, (term,))
