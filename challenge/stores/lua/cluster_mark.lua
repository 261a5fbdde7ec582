-- The epoch is put beside a part of the spent challenges, unless a newer one is there.
-- KEYS: the mark. ARGV: the epoch (see cluster_epoch.lua).
local function number(epoch) return tonumber(string.match(epoch, '^%d+')) end
local kept = redis.call('GET', KEYS[1])
if not kept or number(kept) < number(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return 0
