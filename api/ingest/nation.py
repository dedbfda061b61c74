"""English names of countries, for data that gives no codes: those of ISO 3166-1, and as UCDP and ACLED write them.

Where a data set has one name for a country and the one that it was before, such as Russia (Soviet Union), the code is
that of the country today.
"""

from __future__ import annotations

from functools import cache

# A country a line: its code, and its names.
NAMES = """
AD Andorra
AE United Arab Emirates; UAE
AF Afghanistan
AG Antigua & Barbuda; Antigua and Barbuda
AI Anguilla
AL Albania
AM Armenia
AO Angola
AQ Antarctica
AR Argentina
AS Samoa (American); American Samoa
AT Austria
AU Australia
AW Aruba
AX Åland Islands; Aland Islands
AZ Azerbaijan
BA Bosnia & Herzegovina; Bosnia and Herzegovina; Bosnia-Herzegovina
BB Barbados
BD Bangladesh
BE Belgium
BF Burkina Faso
BG Bulgaria
BH Bahrain
BI Burundi
BJ Benin
BL St Barthelemy; Saint-Barthelemy; Saint Barthelemy
BM Bermuda
BN Brunei; Brunei Darussalam
BO Bolivia; Bolivia, Plurinational State of
BQ Caribbean NL; Caribbean Netherlands; Bonaire, Sint Eustatius and Saba
BR Brazil
BS Bahamas; The Bahamas
BT Bhutan
BV Bouvet Island
BW Botswana
BY Belarus
BZ Belize
CA Canada
CC Cocos (Keeling) Islands
CD DR Congo (Zaire); DR Congo; Democratic Republic of Congo; Democratic Republic of the Congo; Zaire
CD Congo (Dem. Rep.)
CF Central African Rep.; Central African Republic
CG Congo (Rep.); Congo; Republic of Congo; Republic of the Congo; Congo-Brazzaville; Congo (Republic)
CH Switzerland
CI Côte d'Ivoire; Ivory Coast; Cote d'Ivoire
CK Cook Islands
CL Chile
CM Cameroon
CN China
CO Colombia
CR Costa Rica
CU Cuba
CV Cape Verde; Cabo Verde
CW Curaçao; Curacao
CX Christmas Island
CY Cyprus
CZ Czech Republic; Czechia
DE Germany
DJ Djibouti
DK Denmark
DM Dominica
DO Dominican Republic
DZ Algeria
EC Ecuador
EE Estonia
EG Egypt
EH Western Sahara
ER Eritrea
ES Spain
ET Ethiopia
FI Finland
FJ Fiji
FK Falkland Islands; Falkland Islands (Malvinas)
FM Micronesia; Federated States of Micronesia
FO Faroe Islands; Faeroe Islands
FR France
GA Gabon
GB Britain (UK); United Kingdom; UK; Great Britain
GD Grenada
GE Georgia
GF French Guiana
GG Guernsey
GH Ghana
GI Gibraltar
GL Greenland
GM Gambia; The Gambia
GN Guinea
GP Guadeloupe
GQ Equatorial Guinea
GR Greece
GS South Georgia & the South Sandwich Islands; South Georgia and the South Sandwich Islands
GT Guatemala
GU Guam
GW Guinea-Bissau
GY Guyana
HK Hong Kong
HM Heard Island & McDonald Islands; Heard Island and McDonald Islands
HN Honduras
HR Croatia
HT Haiti
HU Hungary
ID Indonesia
IE Ireland
IL Israel
IM Isle of Man
IN India
IO British Indian Ocean Territory
IQ Iraq
IR Iran; Iran, Islamic Republic of; Islamic Republic of Iran
IS Iceland
IT Italy
JE Jersey
JM Jamaica
JO Jordan
JP Japan
KE Kenya
KG Kyrgyzstan; Kyrgyz Republic
KH Cambodia; Cambodia (Kampuchea)
KI Kiribati
KM Comoros
KN St Kitts & Nevis; Saint Kitts and Nevis
KP Korea (North); North Korea
KR Korea (South); South Korea; Republic of Korea
KW Kuwait
KY Cayman Islands
KZ Kazakhstan
LA Laos; Lao PDR; Lao People's Democratic Republic
LB Lebanon
LC St Lucia; Saint Lucia
LI Liechtenstein
LK Sri Lanka
LR Liberia
LS Lesotho
LT Lithuania
LU Luxembourg
LV Latvia
LY Libya
MA Morocco
MC Monaco
MD Moldova; Republic of Moldova
ME Montenegro
MF St Martin (French); Saint-Martin; Saint Martin; Saint Martin (French)
MG Madagascar; Madagascar (Malagasy)
MH Marshall Islands
MK North Macedonia; Macedonia; Macedonia, FYR; FYR Macedonia
ML Mali
MM Myanmar (Burma); Myanmar; Burma
MN Mongolia
MO Macau; Macao
MP Northern Mariana Islands
MQ Martinique
MR Mauritania
MS Montserrat
MT Malta
MU Mauritius
MV Maldives
MW Malawi
MX Mexico
MY Malaysia
MZ Mozambique
NA Namibia
NC New Caledonia
NE Niger
NF Norfolk Island
NG Nigeria
NI Nicaragua
NL Netherlands
NO Norway
NP Nepal
NR Nauru
NU Niue
NZ New Zealand
OM Oman
PA Panama
PE Peru
PF French Polynesia
PG Papua New Guinea
PH Philippines
PK Pakistan
PL Poland
PM St Pierre & Miquelon; Saint Pierre and Miquelon
PN Pitcairn; Pitcairn Islands
PR Puerto Rico
PS Palestine; State of Palestine; Palestinian Territory; Palestinian Territories; Occupied Palestinian Territory
PT Portugal
PW Palau
PY Paraguay
QA Qatar
RE Réunion; Reunion
RO Romania; Rumania
RS Serbia; Serbia (Yugoslavia)
RU Russia; Russian Federation; Russia (Soviet Union)
RW Rwanda
SA Saudi Arabia
SB Solomon Islands
SC Seychelles
SD Sudan
SE Sweden
SG Singapore
SH St Helena; Saint Helena, Ascension and Tristan da Cunha; Saint Helena
SI Slovenia
SJ Svalbard & Jan Mayen; Svalbard and Jan Mayen
SK Slovakia
SL Sierra Leone
SM San Marino
SN Senegal
SO Somalia
SR Suriname
SS South Sudan
ST Sao Tome & Principe; Sao Tome and Principe
SV El Salvador
SX St Maarten (Dutch); Sint Maarten; Saint Maarten (Dutch)
SY Syria; Syrian Arab Republic
SZ Eswatini (Swaziland); eSwatini; Swaziland; Kingdom of eSwatini (Swaziland); Kingdom of Eswatini
TC Turks & Caicos Is; Turks and Caicos Islands
TD Chad
TF French S. Terr.; French S. Territory
TG Togo
TH Thailand
TJ Tajikistan
TK Tokelau
TL East Timor; Timor-Leste
TM Turkmenistan
TN Tunisia
TO Tonga
TR Turkey; Türkiye; Turkiye
TT Trinidad & Tobago; Trinidad and Tobago
TV Tuvalu
TW Taiwan
TZ Tanzania; United Republic of Tanzania
UA Ukraine
UG Uganda
UM US minor outlying islands; United States Minor Outlying Islands
US United States; United States of America; USA
UY Uruguay
UZ Uzbekistan
VA Vatican City; Holy See; Vatican
VC St Vincent; Saint Vincent and the Grenadines; Saint Vincent
VE Venezuela; Bolivarian Republic of Venezuela
VG Virgin Islands (UK); British Virgin Islands
VI Virgin Islands (US); United States Virgin Islands; US Virgin Islands
VN Vietnam; Viet Nam; Vietnam (North Vietnam)
VU Vanuatu
WF Wallis & Futuna; Wallis and Futuna
WS Samoa (western); Samoa
XK Kosovo
YE Yemen; Yemen (North Yemen)
YT Mayotte
ZA South Africa
ZM Zambia
ZW Zimbabwe; Zimbabwe (Rhodesia)
"""


@cache
def codes() -> dict[str, str]:
    """The code of each name, the names in lower case (case-folded)."""
    lines = [line.partition(" ") for line in NAMES.strip().splitlines()]
    return {name.casefold(): code for code, _, names in lines for name in names.split("; ")}
