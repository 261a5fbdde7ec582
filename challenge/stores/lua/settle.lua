-- A pending row ends: `settle` of stores/base.py.
-- KEYS: the row (see spend.lua). ARGV: its win's since as a double, state (g, f), claims.
local row = redis.call('GET', KEYS[1])
if not row or string.sub(row, 1, 9) ~= 'p' .. ARGV[1] then return 0 end
local head = string.sub(row, 2, 18 + string.byte(row, 18))
redis.call('SET', KEYS[1], ARGV[2] .. head .. ARGV[3], 'KEEPTTL')
return 1
