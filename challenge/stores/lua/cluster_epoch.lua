-- The epoch of a cluster in force; a new one if one of its servers has started again, another has
-- taken its place, or rows were found to be lost.
-- KEYS: the epoch, and what is known of each server. ARGV: the end of what would be the new epoch,
-- the least it may begin with, the epoch under which rows were lost or nothing, then each server's
-- node id, and its run id with its replication id.
-- Returns the epoch, and whether it is new. It begins with a number that only grows.
local kept = redis.call('HGET', KEYS[1], 'epoch')
local fresh = not kept or kept == ARGV[3]
for i = 4, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1] then
    fresh = true
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
if not fresh then return {kept, 0} end
local last = kept and tonumber(string.match(kept, '^%d+')) or 0
local epoch = string.format('%d-%s', math.max(last + 1, tonumber(ARGV[2])), ARGV[1])
redis.call('HSET', KEYS[1], 'epoch', epoch)
return {epoch, 1}
