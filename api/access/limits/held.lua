-- Stands before each script that reads buckets.
-- The debt of a bucket as a time: whole microseconds, and a rest in 1/rate of one. `pace` is how fast it fills, as
-- rate/point. Where it was left under another, what is missing is as many points as it was. It is never more than `most`,
-- an empty bucket: after the server's clock went back, every moment lies further ahead than it did. What was cut is kept
-- cut, for a request that is refused writes nothing else, and the bucket would never seem to fill.
local function debt(name, rate, pace, most, most_rest, now)
  local held = redis.call('HMGET', KEYS[1], name, name .. ':rest', name .. ':pace')
  if not held[1] or tonumber(held[1]) < now then
    return 0, 0
  end
  local whole, rest = held[1] - now, tonumber(held[2])
  if held[3] and held[3] ~= pace then
    local rate_then, point_then = string.match(held[3], '(%d+)/(%d+)')
    local took = (whole * rate_then + rest) / point_then * string.match(pace, '/(%d+)') / rate
    whole = math.floor(took)
    rest = math.ceil((took - whole) * rate)
  end
  rest = math.min(rest, rate - 1)
  if most and (whole > most or (whole == most and rest > most_rest)) then
    local moment, left = string.format('%.0f', now + most), string.format('%.0f', most_rest)
    redis.call('HSET', KEYS[1], name, moment, name .. ':rest', left, name .. ':pace', pace)
    return most, most_rest
  end
  return whole, rest
end
