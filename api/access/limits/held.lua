-- Stands before each script that reads buckets.
-- The debt of a bucket as a time: whole microseconds, and a rest in 1/rate of one. `pace` is how fast it fills, as
-- rate/point. Where it was left under another, what is missing is as many points as it was, and no more than `most`.
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
    if most and (whole > most or (whole == most and rest > most_rest)) then
      whole, rest = most, most_rest
    end
  end
  return whole, math.min(rest, rate - 1)
end
