"""The closed vocabularies of what is stored. New terms are additive: clients must tolerate ones they do not know."""

from api.model.types import Vocabulary


class SourceKind(Vocabulary):
    """The type of source."""

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
    """The reliability of a source [Admiralty code, NATO AJP-2.1]. The default `f` makes no judgement."""

    a = "Completely reliable."
    b = "Usually reliable."
    c = "Fairly reliable."
    d = "Not usually reliable."
    e = "Unreliable."
    f = "Reliability cannot be judged."


class DocumentKind(Vocabulary):
    """The type of publication."""

    article = "A written news article."
    live_blog = "A page that is updated while events unfold."
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
    """The precision of coordinates [UCDP where_prec, IDMC Helix accuracy]."""

    exact = "The place itself."
    near = "Within about 25 km of the place."
    admin2 = "Somewhere in this second-level division (district)."
    admin1 = "Somewhere in this first-level division (region)."
    country = "Somewhere in this country."
    region = "Somewhere in this region, larger than a country or at sea."
    unknown = "The precision is not known."


class EventKind(Vocabulary):
    """The type of event [after PLOVER and ACLED]."""

    attack = "An armed attack that no narrower term fits."
    air_strike = "An attack from the air: bombs, missiles or drones."
    shelling = "Artillery, mortar or rocket fire."
    clash = "Fighting between armed parties."
    explosion = "An explosion that is not one of the above."
    evacuation = "An organised removal of people from danger."
    displacement = "People fleeing or driven from their homes."
    negotiation = "Talks between parties to a dispute."
    phone_call = "A call between leaders or officials."
    visit = "A visit of a leader or official to a place."
    meeting = "A meeting that is not a negotiation."
    fortification = "Building or strengthening defences."
    agreement = "An agreement made, such as a ceasefire."
    sanction = "A sanction considered, imposed, tightened or lifted."
    aid = "Military, economic or humanitarian aid requested, considered or given."
    mobilisation = "Calling up or moving forces."
    protest = "A demonstration or riot."
    arrest = "An arrest or detention."
    disaster = "A natural or technological disaster."
    policy = "A decision, demand or plan of a government or organisation."
    other = "None of these."


class TimePrecision(Vocabulary):
    """The precision of a time [IDMC Helix, UCDP date_prec]."""

    minute = "To the minute."
    hour = "To the hour."
    day = "To the day: the printed date at 00:00Z, without conversion of time zones."
    week = "To the week."
    month = "To the month."
    year = "To the year."
    unknown = "The precision, or the time itself, is not known."


class EventStatus(Vocabulary):
    """The status of an event."""

    planned = "Planned for the future."
    ongoing = "Begun and not yet over."
    occurred = "Took place."
    failed = "Attempted without success."
    cancelled = "Called off."


class ParticipantRole(Vocabulary):
    """The role of a participant in an event."""

    initiator = "Carried out or started the event."
    target = "The target of the event."
    affected = "Affected by the event without being its target."
    mediator = "Mediated between the parties."
    participant = "Took part in the event."


class EventRelation(Vocabulary):
    """The type of relation of an event to another."""

    part_of = "The event is a part of the other event."
    follows = "The event comes after the other event in a sequence."
    responds_to = "The event is a response to the other event."


class Measure(Vocabulary):
    """The quantity that a figure measures [schema.org measuredProperty]."""

    killed = "People killed."
    injured = "People injured."
    killed_or_injured = "People killed or injured, not counted separately."
    missing = "People missing."
    captured = "People taken prisoner."
    displaced = "People displaced from home, within their country or without a stated destination."
    refugees = "People who left their country."
    equipment_lost = "Pieces of equipment lost."
    munitions_used = "Munitions fired, dropped or found."
    attacks = "Attacks or strikes."
    rounds = "Rounds of a series, such as talks, or the number of a round."
    people_at_risk = "People in danger or in need."
    money = "An amount of money; the unit is its currency."
    mass = "A mass."
    duration = "A length of time."
    count = "A count of anything else."
    share = "A part of a whole; the unit is %."


class Quantifier(Vocabulary):
    """The words that qualify a number [IDMC Helix quantifier]."""

    exact = "The number as given."
    at_least = "The number or more."
    more_than = "More than the number."
    at_most = "The number or fewer."
    less_than = "Fewer than the number."
    approximately = "About the number."
    between = "Between two stated bounds."
    magnitude = "A word of magnitude, such as hundreds: no value, only bounds."


class BoundsBasis(Vocabulary):
    """The origin of a figure's bounds."""

    stated = "The source states the bounds."
    wording = "The bounds follow from a word: hundreds is 200 to 999."


class FigureBasis(Vocabulary):
    """The way of counting over time."""

    stock = "The number at one time."
    flow = "The number within the period."
    cumulative = "The total since the start of the period."


class FigureStatus(Vocabulary):
    """The certainty of a number [SDMX OBS_STATUS, in words]."""

    confirmed = "Confirmed by the body that does the counting."
    verified = "Checked by an independent party."
    reported = "Reported, not checked."
    claimed = "Claimed by an interested party."
    estimated = "An estimate."
    provisional = "Subject to revision."


class Certainty(Vocabulary):
    """The certainty that a source or a speaker expresses."""

    stated = "Stated without reservation."
    likely = "Called likely or probable."
    possible = "Called possible."
    unlikely = "Called unlikely."


class QuoteType(Vocabulary):
    """The type of quote."""

    direct = "A whole sentence or more, word for word."
    partial = "Some words of a sentence, word for word."
    indirect = "A paraphrase."


class Medium(Vocabulary):
    """The medium in which words were published. Null if the text does not name it."""

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
    """The stance of a source on a record."""

    asserts = "Says that the record is true."
    confirms = "Confirms the statement of another source."
    denies = "Says that the record is not true."
    disputes = "Casts doubt on the record or a part of it."
    blames = "Holds the party in `blames` responsible."
    could_not_verify = "Checked, and could neither confirm nor deny the record."
    declines_comment = "Was asked and declined to comment."
    retracts = "Retracts an earlier statement."
