-- Units are taken out of a band: core/bands.py `reserve`, once for each reservation.
-- KEYS: the band's levels, the reservation. ARGV: now, holder, burst, unit_ms, most, least,
-- max_wait_ms, lane, the four levels to start from, seconds for which the reservation is
-- remembered, then what each lane is guaranteed, in percent.
-- Levels are four doubles; a reservation is units, start_ms and expires as doubles, then its
-- holder behind a mark, or nothing once there were two.
local now, holder = tonumber(ARGV[1]), 'h' .. ARGV[2]
local burst, unit = tonumber(ARGV[3]), tonumber(ARGV[4])
local most, least, longest = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local lane, remembered = tonumber(ARGV[8]) + 1, tonumber(ARGV[13])
local shares = {}
for i = 14, #ARGV do shares[i - 13] = tonumber(ARGV[i]) end

-- What is no row of ours, or no number, must not grant.
local function check(row, length, ...)
  local fine = #row >= length
  for _, value in ipairs({...}) do fine = fine and value == value end
  if not fine then error('a row that is none') end
end

local made = redis.call('GET', KEYS[2])
if made then
  local units, start, expires = struct.unpack('<ddd', made)
  check(made, 24, units, start, expires)
  if expires > now then
    if string.sub(made, 25) ~= holder then
      redis.call('SET', KEYS[2], string.sub(made, 1, 24), 'KEEPTTL')
    end
    return {units, start, 0}
  end
end

local kept = redis.call('GET', KEYS[1])
local band, levels = nil, {}
if kept then
  band, levels[1], levels[2], levels[3] = struct.unpack('<dddd', kept)
  check(kept, 32, band, levels[1], levels[2], levels[3])
else
  band, levels = tonumber(ARGV[9]), {tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])}
end

local now_ms = math.floor(now * 1000)
local share = shares[lane] or 100
local function up(band_ms) return math.ceil(band_ms * 100 / share) end
-- What a lane's guarantee holds, rounded down if `round` is math.ceil.
local function held(one, round)
  local ends = math.floor(burst * unit * shares[one] / 100)
  return ends - round(math.max(levels[one] - now_ms, 0) * shares[one] / 100)
end

local there = burst * unit - math.max(band - now_ms, 0)
if #shares > 0 then
  for one = 1, #shares do
    if one ~= lane then there = there - held(one, math.floor) end
  end
  there = math.max(there, held(lane, math.ceil))
end

local units, start, lacks = nil, now_ms, least * unit - there
if lacks <= 0 then
  units = math.min(most, math.floor(there / unit))
  if #shares > 0 then
    local own = math.min(units * unit, math.max(0, held(lane, math.ceil)))
    levels[lane] = math.max(levels[lane], now_ms) + up(own)
  end
else
  local wait = up(lacks)
  if wait > longest then return {0, 0, wait - longest} end
  units, start = least, now_ms + wait
  if #shares > 0 then
    levels[lane] = now_ms + up(math.floor(burst * unit * share / 100) + lacks)
  end
end
if units == 0 then return {0, start, 0} end

band = math.max(band, now_ms) + units * unit
local latest = math.max(band, levels[1], levels[2], levels[3])
redis.call(
  'SET', KEYS[1], struct.pack('<dddd', band, levels[1], levels[2], levels[3]),
  'PX', string.format('%d', math.max(latest - now_ms, 0) + 1000)
)
redis.call(
  'SET', KEYS[2], struct.pack('<ddd', units, start, now + remembered) .. holder,
  'PX', string.format('%d', remembered * 1000)
)
return {units, start, 0}
