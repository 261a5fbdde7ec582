-- The epoch in force; a new one if the server has started again, or another took its place.
-- KEYS: the epoch. ARGV: the server's run id and replication id, and what would be the new epoch.
local server = ARGV[1] .. ' ' .. ARGV[2]
local kept = redis.call('GET', KEYS[1])
if kept then
  local epoch, seen = string.match(kept, '^(%S+) (.*)$')
  if seen == server then return epoch end
end
redis.call('SET', KEYS[1], ARGV[3] .. ' ' .. server)
return ARGV[3]
