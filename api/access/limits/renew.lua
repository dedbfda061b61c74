-- A request that takes long goes on holding its place.
-- KEYS  the caller's requests under way
-- ARGV  the lease, its microseconds
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(ARGV[2] / 1000)))
end
return 0
