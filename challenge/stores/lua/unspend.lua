-- A pending row is taken back: `unspend` of stores/base.py.
-- KEYS: the row (see spend.lua). ARGV: its win's since as a double.
local row = redis.call('GET', KEYS[1])
if row and string.sub(row, 1, 9) == 'p' .. ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
