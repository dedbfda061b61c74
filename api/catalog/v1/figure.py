from api.catalog.declaration import linked, projection, shown, where


@projection(sort="-as_of")
class Figure:
    """A number that a source gives, with the words that bind it. One printed number is one figure."""

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

    country = where("place.country", "The country of its place or, without one, of its event's [ISO 3166-1 alpha-2].")
    bbox = where("place.bbox", "Its place or, without one, its event's is inside west,south,east,north in degrees.")
    near = where("place.near", "Its place or, without one, its event's is within latitude,longitude,kilometres.")
    source_id = where("citations.source_id", "Figures that this source asserts, denies or else speaks to.")
