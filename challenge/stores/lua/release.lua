-- A reservation gives back what it holds over some units: core/bands.py `release`.
-- KEYS: the band's levels, the reservation (see reserve.lua). ARGV: holder, unit_ms, keep, lane,
-- and what that lane is guaranteed, in percent, or 0 for a band without lanes.
local made = redis.call('GET', KEYS[2])
local keep, lane, share = tonumber(ARGV[3]), tonumber(ARGV[4]) + 2, tonumber(ARGV[5])
if not made or string.sub(made, 25) ~= 'h' .. ARGV[1] then return 0 end
local units, start, expires = struct.unpack('<ddd', made)
if units <= keep then return 0 end

-- A band that was full again has been forgotten: nothing is to be put back.
local kept = redis.call('GET', KEYS[1])
if kept then
  local back = (units - keep) * tonumber(ARGV[2])
  local levels = {struct.unpack('<dddd', kept)}
  levels[1] = levels[1] - back
  if share > 0 then levels[lane] = levels[lane] - math.floor(back * 100 / share) end
  local after = struct.pack('<dddd', levels[1], levels[2], levels[3], levels[4])
  redis.call('SET', KEYS[1], after, 'KEEPTTL')
end
if keep == 0 then
  redis.call('DEL', KEYS[2])
else
  local after = struct.pack('<ddd', keep, start, expires) .. string.sub(made, 25)
  redis.call('SET', KEYS[2], after, 'KEEPTTL')
end
return 1
