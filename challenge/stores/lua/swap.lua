-- A record takes the place of the one that was seen.
-- KEYS: the record. ARGV: the bytes seen, those to put, and its life in ms, or 0 to leave it.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '0' then
  redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
