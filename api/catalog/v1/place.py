from api.catalog.declaration import many, projection, shown, test


@projection()
class Place:
    """A place on Earth, with the precision of its coordinates."""

    name = shown(search=True, sort=True, filter="in")
    name_as_reported = shown(search=True)
    country = shown(filter="in null")
    admin1 = shown(filter="in null", search=True)
    latitude = shown()
    longitude = shown()
    geo_precision = shown(filter="in")
    identifiers = shown(filter="identifier", parameter="identifier")

    bbox = test(
        "bbox",
        "Places inside this box. Longitudes beyond 180 are wrapped: 170 to 190 and 170 to -170 are the same box across "
        "the antimeridian.",
        example="22,44,41,53",
    )
    near = test("near", "Places within this distance.", example="50.45,30.52,100")

    events = many("event", "The events at the place.", by="place_id")
    figures = many("figure", "The figures about the place.", by="place_id")
