-- A ban is kept: `ban` of stores/base.py.
-- KEYS: all bans, by their key. ARGV: the ban's key, the ban, its end, now, and how many others
-- there may be. A ban begins with its end as a double.
local now, others, latest = tonumber(ARGV[4]), 0, tonumber(ARGV[3])
local bans = redis.call('HGETALL', KEYS[1])
for i = 1, #bans, 2 do
  local ends = struct.unpack('<d', bans[i + 1])
  if ends <= now then
    redis.call('HDEL', KEYS[1], bans[i])
  elseif bans[i] ~= ARGV[1] then
    others = others + 1
    latest = math.max(latest, ends)
  end
end
if others >= tonumber(ARGV[5]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], string.format('%d', math.max(latest - now, 0) * 1000 + 1000))
return 1
