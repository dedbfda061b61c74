from api.catalog.declaration import linked, projection, shown, where


@projection(sort="-as_of")
class Figure:
    """A number given by a source, with the words that qualify it. Each printed number is one figure."""

    measure = shown(filter="in")
    population = shown(filter="in", search=True)
    value = shown(filter="gte lt null", sort=True, needs="measure", expects="unit", compared="value_floor")
    value_low = shown()
    value_high = shown()
    quantifier = shown(filter="in")
    value_text = shown(search=True)
    bounds_basis = shown()
    unit = shown(filter="in")
    as_of = shown(filter="gte lt null", sort=True)
    period_start = shown()
    period_end = shown()
    basis = shown(filter="in null")
    status = shown(filter="in")
    series = shown(filter="in null")
    caveat = shown(search=True)
    disputed = shown(filter="is")

    briefing = linked()
    event = linked()
    place = linked(fallback="event.place")
    citations = linked()

    country = where(
        "place.country",
        "The country of the figure's place or, if it has none, of its event's place [ISO 3166-1 alpha-2].",
    )
    bbox = where("place.bbox", "Figures whose place or, if they have none, whose event's place is inside this box.")
    near = where(
        "place.near", "Figures whose place or, if they have none, whose event's place is within this distance."
    )
    source_id = where("citations.source_id", "Figures with a citation of this source, whatever its stance.")
