"""The closed vocabularies of what is stored. New terms are additive: clients must tolerate ones they do not know."""

from api.model.types import Vocabulary


class SourceKind(Vocabulary):
    """What sort of party a source is."""

    person = "A named or described individual."
    government = "A state, its cabinet, a ministry or an agency of it."
    de_facto_authority = "A body that governs a territory without general recognition."
    military = "Armed forces, their command or their intelligence."
    intergovernmental = "An organisation of states, such as the UN and its agencies."
    armed_group = "An armed non-state group."
    ngo = "A non-governmental organisation."
    news_agency = "An agency that supplies news to others."
    outlet = "A newspaper, broadcaster or site that publishes news itself."
    academic = "A university, an institute or a data project."
    company = "A business."
    other = "None of these."


class Reliability(Vocabulary):
    """How reliable a source is [Admiralty code, NATO AJP-2.1]; `f`, the default, passes no judgement."""

    a = "Completely reliable."
    b = "Usually reliable."
    c = "Fairly reliable."
    d = "Not usually reliable."
    e = "Unreliable."
    f = "Reliability cannot be judged."


class DocumentKind(Vocabulary):
    """What sort of publication a document is."""

    article = "A written news article."
    live_blog = "A page that is added to as events go on."
    post = "A post on a social platform."
    statement = "A written statement or press release."
    press_conference = "A press conference or briefing to journalists."
    interview = "An interview."
    video_address = "An address recorded or sent as video."
    call_readout = "An official account of a call."
    broadcast = "A radio or television broadcast."
    report = "A report or assessment."
    dataset = "A published collection of data."


class GeoPrecision(Vocabulary):
    """How exactly the coordinates are known [UCDP where_prec, IDMC Helix accuracy]."""

    exact = "The place itself."
    near = "Within about 25 km of the place."
    admin2 = "Somewhere in this second-level division (district)."
    admin1 = "Somewhere in this first-level division (region)."
    country = "Somewhere in this country."
    region = "Somewhere in this region, larger than a country or at sea."
    unknown = "The precision is not known."


class EventKind(Vocabulary):
    """What sort of happening it is [after PLOVER and ACLED]."""

    attack = "An armed attack that no narrower term fits."
    air_strike = "An attack from the air: bombs, missiles or drones."
    shelling = "Artillery, mortar or rocket fire."
    clash = "Fighting between armed parties."
    explosion = "An explosion that is not one of the above."
    evacuation = "An organised removal of people from danger."
    displacement = "People fleeing or driven from where they live."
    negotiation = "Talks between parties to a dispute."
    phone_call = "A call between leaders or officials."
    visit = "A visit of a leader or official to a place."
    meeting = "A meeting that is not a negotiation."
    fortification = "Building or strengthening defences."
    agreement = "An agreement made, such as a ceasefire."
    sanction = "A sanction considered, imposed, tightened or lifted."
    aid = "Military, economic or humanitarian aid asked for, considered or given."
    mobilisation = "Calling up or moving forces."
    protest = "A demonstration or riot."
    arrest = "An arrest or detention."
    disaster = "A natural or technological disaster."
    policy = "A decision, demand or plan of a government or organisation."
    other = "None of these."


class TimePrecision(Vocabulary):
    """How exactly a time is known [IDMC Helix, UCDP date_prec]."""

    minute = "To the minute."
    hour = "To the hour."
    day = "To the day: the printed date at 00:00Z, not shifted."
    week = "To the week."
    month = "To the month."
    year = "To the year."
    unknown = "The precision, or the time itself, is not known."


class EventStatus(Vocabulary):
    """How far an event has come."""

    planned = "It is to happen."
    ongoing = "It has begun and lasts."
    occurred = "It happened."
    failed = "It was tried and did not come about."
    cancelled = "It was called off."


class ParticipantRole(Vocabulary):
    """What part someone has in an event."""

    initiator = "Did it or began it."
    target = "It was aimed at them."
    affected = "Suffered or felt it without being its aim."
    mediator = "Stood between the parties."
    participant = "Took part."


class EventRelation(Vocabulary):
    """How one event stands to another."""

    part_of = "It is a part of the other."
    follows = "It comes after the other in one sequence."
    responds_to = "It answers the other."


class Measure(Vocabulary):
    """What a figure measures [schema.org measuredProperty]."""

    killed = "People killed."
    injured = "People injured."
    killed_or_injured = "People killed or injured, not told apart."
    missing = "People missing."
    captured = "People taken prisoner."
    displaced = "People driven from home, within their country or unsaid where."
    refugees = "People who left their country."
    equipment_lost = "Pieces of equipment lost."
    munitions_used = "Munitions fired, dropped or found."
    attacks = "Attacks or strikes."
    rounds = "Rounds of a series, such as talks, and a round's number in it."
    people_at_risk = "People in danger or in need."
    money = "An amount of money; the unit is its currency."
    mass = "A mass."
    duration = "A length of time."
    count = "A number of anything else."
    share = "A part of a whole; the unit is %."


class Quantifier(Vocabulary):
    """How the words around a number bind it [IDMC Helix quantifier]."""

    exact = "The number as given."
    at_least = "The number or more."
    more_than = "More than the number."
    at_most = "The number or fewer."
    less_than = "Fewer than the number."
    approximately = "About the number."
    between = "Between two stated bounds."
    magnitude = "A word of magnitude, such as hundreds: no value, only bounds."


class BoundsBasis(Vocabulary):
    """Where a figure's bounds come from."""

    stated = "The source gives them."
    wording = "They follow from a word: hundreds is 200 to 999."


class FigureBasis(Vocabulary):
    """How a figure counts over time."""

    stock = "So many at one time."
    flow = "So many within the period."
    cumulative = "So many from the period's start until now."


class FigureStatus(Vocabulary):
    """How sure the number is [SDMX OBS_STATUS, in words]."""

    confirmed = "Confirmed by the body that counts."
    verified = "Checked by somebody independent."
    reported = "Reported, not checked."
    claimed = "Claimed by an interested party."
    estimated = "An estimate."
    provisional = "To be revised."


class Certainty(Vocabulary):
    """How sure the one who asserts says they are."""

    stated = "Said without reserve."
    likely = "Called likely or probable."
    possible = "Called possible."
    unlikely = "Called unlikely."


class QuoteType(Vocabulary):
    """How the words are given."""

    direct = "A whole sentence or more, word for word."
    partial = "Some words of a sentence, word for word."
    indirect = "The sense, in other words."


class Medium(Vocabulary):
    """How words were made public; null where the text does not say."""

    x_twitter = "X, formerly Twitter."
    facebook = "Facebook."
    telegram = "Telegram."
    video_address = "An address sent as video."
    press_conference = "A press conference."
    interview = "An interview."
    statement = "A written statement."
    phone_call = "A call."
    broadcast = "Radio or television."
    document = "A document, such as a report."
    other = "None of these."


class Stance(Vocabulary):
    """How a source stands to what the record says."""

    asserts = "Says that it is so."
    confirms = "Confirms what another said."
    denies = "Says that it is not so."
    disputes = "Casts doubt on it, or on part of it."
    blames = "Holds the party in `blames` answerable for it."
    could_not_verify = "Looked, and could neither confirm nor deny."
    declines_comment = "Was asked and would not say."
    retracts = "Takes back what it said."
