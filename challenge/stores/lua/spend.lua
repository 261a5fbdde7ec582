-- A challenge is being redeemed: `spend` of stores/base.py.
-- KEYS: its row. ARGV: digest, claims, now and expires as doubles, the row's life in ms, seconds
-- after which a pending row may be taken over.
-- A row is its state (p, g, f), since and expires as doubles, the digest behind its length, claims.
local digest, now = ARGV[1], struct.unpack('<d', ARGV[3])

local function win(claims, expires, ...)
  local row = 'p' .. ARGV[3] .. expires .. string.char(#digest) .. digest .. claims
  redis.call('SET', KEYS[1], row, ...)
  return {'won', claims}
end

local row = redis.call('GET', KEYS[1])
if not row or struct.unpack('<d', row, 10) <= now then
  return win(ARGV[2], ARGV[4], 'PX', ARGV[5])
end
local state, length = string.sub(row, 1, 1), string.byte(row, 18)
local told = ({p = 'pending', g = 'granted', f = 'failed'})[state]
if not told then error('a row that is none') end
local claims = string.sub(row, 19 + length)
if string.sub(row, 19, 18 + length) ~= digest then return {'other', ''} end
if state == 'p' and struct.unpack('<d', row, 2) <= now - tonumber(ARGV[6]) then
  return win(claims, string.sub(row, 10, 17), 'KEEPTTL')
end
return {told, claims}
