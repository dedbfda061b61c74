-- Takes a price and a place for a request at once, or neither. One script runs at a time, so it is exact.
-- KEYS  the caller's buckets (a hash), its requests under way (a sorted set: lease, when it runs out)
-- ARGV  how many at once, the lease, its microseconds; then for each limit: name, rate, pace, price, size, what is taken.
--       The last three are debts as times, each two arguments: whole microseconds, and a rest in 1/rate of one.
--       What is taken is the price, or less where it is known what will have been used of it: then the lease is empty,
--       for the request has ended.
-- Returns whether it is allowed, when, and whether others are under way; then the debt of each limit afterwards.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
-- No lease may run longer than a new one. A lease that does was taken before the server's clock went back: shorten it.
local last = string.format('%.0f', now + ARGV[3])
for _, lease in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. last, '+inf')) do
  redis.call('ZADD', KEYS[2], last, lease)
end
local others = redis.call('ZCARD', KEYS[2])
local allowed = others < tonumber(ARGV[1])
local function plus(whole, rest, more, more_rest, rate)
  whole, rest = whole + more, rest + more_rest
  if rest >= rate then
    return whole + 1, rest - rate
  end
  return whole, rest
end
local before, after, moments, longest = { 0, now, others }, { 1, now, others }, {}, 0
for n = 4, #ARGV, 9 do
  local name, rate, pace = ARGV[n], tonumber(ARGV[n + 1]), ARGV[n + 2]
  local most, most_rest = tonumber(ARGV[n + 5]), tonumber(ARGV[n + 6])
  local whole, rest = debt(name, rate, pace, most, most_rest, now)
  before[#before + 1], before[#before + 2] = whole, rest
  local priced, priced_rest = plus(whole, rest, ARGV[n + 3], ARGV[n + 4], rate)
  if priced > most or (priced == most and priced_rest > most_rest) then
    allowed = false
  end
  whole, rest = plus(whole, rest, ARGV[n + 7], ARGV[n + 8], rate)
  after[#after + 1], after[#after + 2] = whole, rest
  -- A number of 16 digits would be written with an exponent otherwise.
  moments[#moments + 1], moments[#moments + 2] = name, string.format('%.0f', now + whole)
  moments[#moments + 1], moments[#moments + 2] = name .. ':rest', string.format('%.0f', rest)
  moments[#moments + 1], moments[#moments + 2] = name .. ':pace', pace
  moments[#moments + 1], moments[#moments + 2] = name .. ':at', string.format('%.0f', now)
  longest = math.max(longest, whole)
end
if not allowed then
  return before
end
redis.call('HSET', KEYS[1], unpack(moments))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(longest / 1000) + 1))
if ARGV[2] ~= '' then
  redis.call('ZADD', KEYS[2], last, ARGV[2])
  redis.call('PEXPIRE', KEYS[2], string.format('%.0f', math.ceil(ARGV[3] / 1000)))
end
return after
