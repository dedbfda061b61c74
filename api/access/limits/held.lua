-- Stands before each script that reads buckets.
-- The debt of a bucket as a time: whole microseconds, and a rest in 1/rate of one. `pace` is how fast it fills, as
-- rate/point. If the bucket was stored with another pace, its debt stays the same in points, but is at most `most`, the
-- debt of an empty bucket. `at` is the time when it was stored. If that is in the future, the server's clock went back
-- since, and no time counts as passed. A changed bucket is also stored: a refused request writes nothing else, so without
-- that the bucket would never fill.
local function debt(name, rate, pace, most, most_rest, now)
  local held = redis.call('HMGET', KEYS[1], name, name .. ':rest', name .. ':pace', name .. ':at')
  if not held[1] then
    return 0, 0
  end
  local since, changed = now, false
  if held[4] and tonumber(held[4]) > now then
    since, changed = held[4], true
  end
  local whole, rest = held[1] - since, tonumber(held[2])
  if whole < 0 then
    return 0, 0
  end
  if held[3] and held[3] ~= pace then
    local rate_then, point_then = string.match(held[3], '(%d+)/(%d+)')
    local took = (whole * rate_then + rest) / point_then * string.match(pace, '/(%d+)') / rate
    whole = math.floor(took)
    rest = math.ceil((took - whole) * rate)
    if most and (whole > most or (whole == most and rest > most_rest)) then
      whole, rest, changed = most, most_rest, true
    end
  end
  rest = math.min(rest, rate - 1)
  if most and changed then
    local moment, left, at = string.format('%.0f', now + whole), string.format('%.0f', rest), string.format('%.0f', now)
    redis.call('HSET', KEYS[1], name, moment, name .. ':rest', left, name .. ':pace', pace, name .. ':at', at)
  end
  return whole, rest
end
