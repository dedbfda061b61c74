-- Postgres raises an error where a product or a quotient of doubles is too small for a double, so one stored latitude of
-- 1e-320 made every search near it fail. The differences are rounded to a billionth of a degree (0.1 mm), which leaves
-- nothing so small: the least square that remains is about 1e-22.
create or replace function store.distance_km(lat1 float8, lon1 float8, lat2 float8, lon2 float8) returns float8
language sql immutable parallel safe
return 2 * 6371.0088 * asin(least(1, sqrt(
    power(sind(round((lat2 - lat1) * 1e9::float8) / 2e9::float8), 2)
    + cosd(lat1) * cosd(lat2) * power(sind(round((lon2 - lon1) * 1e9::float8) / 2e9::float8), 2))));
