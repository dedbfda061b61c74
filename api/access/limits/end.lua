-- Gives back the place and refunds the points that were not needed; does nothing if the lease is no longer held. A
-- negative refund takes points beyond the price.
-- KEYS  the caller's buckets, its requests under way
-- ARGV  the lease, the time when it began; then for each limit: name, rate, pace, the refund, and the debt right after
--       the lease began (only what is still left of it can be refunded). Both are times: whole microseconds, and a rest.
-- Returns the debt of each limit afterwards.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local ended = redis.call('ZREM', KEYS[2], ARGV[1]) == 1
local debts, longest = {}, 0
local elapsed = math.max(0, now - ARGV[2])
for n = 3, #ARGV, 7 do
  local name, rate, pace = ARGV[n], tonumber(ARGV[n + 1]), ARGV[n + 2]
  local whole, rest = debt(name, rate, pace, nil, nil, now)
  local back, back_rest = tonumber(ARGV[n + 3]), tonumber(ARGV[n + 4])
  local more = back < 0
  if ended and (more or whole > 0 or rest > 0) then
    local still, still_rest = ARGV[n + 5] - elapsed, tonumber(ARGV[n + 6])
    if not more and (still < back or (still == back and still_rest < back_rest)) then
      back, back_rest = still, still_rest
    end
    if more or back >= 0 then
      whole, rest = whole - back, rest - back_rest
    end
    if rest < 0 then
      whole, rest = whole - 1, rest + rate
    end
    if whole < 0 then
      whole, rest = 0, 0
    end
    local moment, left = string.format('%.0f', now + whole), string.format('%.0f', rest)
    local at = string.format('%.0f', now)
    redis.call('HSET', KEYS[1], name, moment, name .. ':rest', left, name .. ':pace', pace, name .. ':at', at)
    longest = math.max(longest, whole)
  end
  debts[#debts + 1], debts[#debts + 2] = whole, rest
end
if longest > 0 then
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(longest / 1000) + 1))
end
return debts
