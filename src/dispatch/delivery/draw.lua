-- Permits from every bucket at once: as many as the emptiest has, ARGV[1] at most. KEYS are the buckets, ARGV[2..] what flows into
-- each a second; a bucket holds a second's worth. One that is new, or was lost, begins with a single permit. Gives the permits and,
-- where there are none, milliseconds until there is one. The clock is the broker's.
local t = redis.call('TIME')
local now, permits, wait, levels = t[1] + t[2] / 1000000, tonumber(ARGV[1]), 0, {}
for i, bucket in ipairs(KEYS) do
  local rate = tonumber(ARGV[i + 1])
  local was = redis.call('HMGET', bucket, 'level', 'at')
  local level = 1
  if was[1] then level = math.min(math.max(1, rate), was[1] + math.max(0, now - was[2]) * rate) end
  levels[i] = level
  permits = math.min(permits, math.floor(level))
  wait = math.max(wait, (1 - level) / rate)
end
for i, bucket in ipairs(KEYS) do
  redis.call('HSET', bucket, 'level', string.format('%.6f', levels[i] - permits), 'at', string.format('%.6f', now))
  redis.call('EXPIRE', bucket, math.ceil(2 + 2 / tonumber(ARGV[i + 1])))
end
return {permits, math.ceil(wait * 1000)}
