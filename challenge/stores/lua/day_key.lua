-- The key of a day: `day_key` of stores/base.py.
-- KEYS: the day's. ARGV: what becomes it if there is none, and how long it lives in ms, or 0 for
-- a day that has ended or not begun.
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
  return false
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX')
return redis.call('GET', KEYS[1])
