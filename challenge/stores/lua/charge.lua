-- A view of a profile: what core/visitors.py `charge` does, on a record of stores/compact.py.
-- KEYS: the record. ARGV: now, the clearance's jti as in the record, network, place, IP version,
-- budget, then a digest and its units, as often as there are digests.
-- Returns what core/visitors.py `Charged` holds, in its order.
local DIGEST, CHARGED_MAX, UNCONFIRMED_MAX = 8, 1024, 8
local PLACES_MAX, RETURNS, WITHIN = 8, 4, 600
local MOVE, MOVES_BURST = 180, 20
local PACE, DAY = 300, 86400
local MARKED = 20

local MOMENTS = {'since', 'previous_until', 'later_from', 'moves_level', 'judged'}
local COUNTS = {'sales', 'bought', 'spent', 'later', 'factor'}

local data = redis.call('GET', KEYS[1])
local now = tonumber(ARGV[1])
if not data then return {'UNKNOWN'} end

-- Reading.
local at = 1
local function number()
  local value, scale = 0, 1
  while true do
    local byte = string.byte(data, at)
    at = at + 1
    if byte < 128 then return value + byte * scale end
    value = value + (byte - 128) * scale
    scale = scale * 128
  end
end
local function bytes(length)
  at = at + length
  return string.sub(data, at - length, at - 1)
end
local function text()
  local start = at
  local length = number()
  at = at + math.floor(length / 2)
  return string.sub(data, start, at - 1)
end
local function moment(base)
  local told = number()
  if told == 0 then return 0 end
  local apart = told - 1
  if apart % 2 == 0 then return base - apart / 2 end
  return base + (apart + 1) / 2
end
local function trail(ends)
  local places, returns = {}, {}
  for i = 1, number() do places[i] = bytes(DIGEST) end
  for i = 1, #places > 0 and number() or 0 do returns[i] = moment(ends) end
  return {places = places, returns = returns}
end

local v = {expires = number()}
if v.expires <= now then return {'UNKNOWN'} end
v.ends = moment(v.expires)
for _, name in ipairs(MOMENTS) do
  v[name] = moment(v.ends)
end
for _, name in ipairs(COUNTS) do v[name] = number() end
local day, pace = math.floor(v.ends / DAY), math.floor(v.ends / PACE)
v.recent = {moment(day), number(), number()}
v.pace = {moment(pace), number(), number()}
v.jti, v.previous_jti, v.thumbprint = text(), text(), text()
v.challenge = bytes(number())
v.homes = {}
for i = 1, number() do v.homes[i] = {bytes(DIGEST), number()} end
v.unconfirmed = {}
local marks = number()
if marks % 2 == 1 then
  for i = 1, number() do
    local place = number()
    v.unconfirmed[i] = place == 0 and bytes(DIGEST) or place
  end
end
for place = MARKED, 1, -1 do
  if marks >= 2 ^ place then
    marks = marks - 2 ^ place
    v.unconfirmed[#v.unconfirmed + 1] = place
  end
end
v.trails = {trail(v.ends), trail(v.ends)}
v.charged = string.sub(data, at)
for i, place in ipairs(v.unconfirmed) do
  if type(place) == 'number' then
    local from = #v.charged - place * DIGEST + 1
    v.unconfirmed[i] = string.sub(v.charged, from, from + DIGEST - 1)
  end
end

-- Writing.
local function place_of(digest)
  local from = string.find(v.charged, digest, 1, true)
  while from and (from - 1) % DIGEST ~= 0 do
    from = string.find(v.charged, digest, from + 1, true)
  end
  return from and (#v.charged - from + 1) / DIGEST
end
local function write()
  local out = {}
  local function put(part) out[#out + 1] = part end
  local function put_number(value)
    while value >= 128 do
      local low = value % 128
      put(string.char(low + 128))
      value = (value - low) / 128
    end
    put(string.char(value))
  end
  local function put_moment(base, value)
    if value == 0 then return put_number(0) end
    local apart = base - value
    put_number(1 + (apart >= 0 and 2 * apart or -2 * apart - 1))
  end
  local function put_counted(base, counted)
    put_moment(base, counted[1])
    put_number(counted[2])
    put_number(counted[3])
  end
  put_number(v.expires)
  put_moment(v.expires, v.ends)
  for _, name in ipairs(MOMENTS) do
    put_moment(v.ends, v[name])
  end
  for _, name in ipairs(COUNTS) do put_number(v[name]) end
  put_counted(day, v.recent)
  put_counted(pace, v.pace)
  put(v.jti)
  put(v.previous_jti)
  put(v.thumbprint)
  put_number(#v.challenge)
  put(v.challenge)
  put_number(#v.homes)
  for _, home in ipairs(v.homes) do
    put(home[1])
    put_number(home[2])
  end
  -- A bit for each of the last places, as long as they are in order.
  local others, marked, last = #v.unconfirmed, 0, 0
  while others > 0 do
    local place = place_of(v.unconfirmed[others])
    if not place or place <= last or place > MARKED then break end
    marked, last, others = marked + 2 ^ place, place, others - 1
  end
  put_number(marked + (others > 0 and 1 or 0))
  if others > 0 then put_number(others) end
  for i = 1, others do
    local place = place_of(v.unconfirmed[i])
    put_number(place or 0)
    if not place then put(v.unconfirmed[i]) end
  end
  for _, one in ipairs(v.trails) do
    put_number(#one.places)
    for _, place in ipairs(one.places) do put(place) end
    if #one.places > 0 then put_number(#one.returns) end
    for _, when in ipairs(one.returns) do put_moment(v.ends, when) end
  end
  put(v.charged)
  redis.call('SET', KEYS[1], table.concat(out), 'KEEPTTL')
end

-- Deciding, in the order of core/visitors.py.
local jti, network, place, budget = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[6])
local left, changed = v.bought - v.spent, false
local function answer(charge, more)
  if changed then write() end
  more = more or {}
  return {
    charge, v.bought - v.spent, more.paid or '', more.units or 0, more.lacks or 0,
    more.lacks_now or 0, more.count or 0, more.base or 0, more.retry_after or 0,
  }
end

if jti ~= v.jti and not (jti == v.previous_jti and now < v.previous_until) then
  return answer('REPLACED')
end

local one = v.trails[ARGV[5] == '4' and 1 or 2]
if one.places[#one.places] ~= place then
  changed = true
  for i, other in ipairs(one.places) do
    if other == place then
      table.remove(one.places, i)
      one.returns[#one.returns + 1] = math.floor(now)
      if #one.returns > RETURNS then table.remove(one.returns, 1) end
      break
    end
  end
  one.places[#one.places + 1] = place
  if #one.places > PLACES_MAX then table.remove(one.places, 1) end
end
local function alternates(trail_)
  return #trail_.returns == RETURNS and now - trail_.returns[1] < WITHIN
end
if v.thumbprint ~= '\0' and left < budget and (alternates(v.trails[1]) or alternates(v.trails[2])) then
  return answer('ALTERNATES')
end

local paid, cost = {}, 0
for i = 7, #ARGV, 2 do
  if not place_of(ARGV[i]) then
    paid[#paid + 1] = ARGV[i]
    cost = cost + tonumber(ARGV[i + 1])
  end
end
if #paid == 0 then
  -- From the second request on the charge stands, whatever becomes of the first.
  local shown, kept = {}, {}
  for i = 7, #ARGV, 2 do shown[ARGV[i]] = true end
  for _, digest in ipairs(v.unconfirmed) do
    if not shown[digest] then kept[#kept + 1] = digest end
  end
  if #kept < #v.unconfirmed then
    changed, v.unconfirmed = true, kept
  end
  return answer('REVISIT')
end
if cost > left then return answer('EMPTY') end
if cost > left - (now < v.later_from and v.later or 0) then
  return answer('WAIT', {retry_after = math.floor(v.later_from - now) + 1})
end

local count, known = 0, false
for _, home in ipairs(v.homes) do
  if home[1] == network then
    count, known = home[2], true
    break
  end
end
local base = math.max(count, v.spent)
if cost > base - v.spent then
  local wait = math.floor(v.moves_level - (MOVES_BURST - 1) * MOVE - now)
  if not known and wait > 0 then return answer('WAIT', {retry_after = wait}) end
  return answer('MOVED', {
    lacks = v.bought - base, lacks_now = cost - (base - v.spent), count = count, base = base,
  })
end

changed = true
v.spent = v.spent + cost
local slot = math.floor(math.floor(now) / PACE)
if slot > v.pace[1] then
  v.pace = {slot, 0, slot == v.pace[1] + 1 and v.pace[2] or 0}
end
v.pace[2] = v.pace[2] + 1
v.charged = string.sub(v.charged .. table.concat(paid), -CHARGED_MAX * DIGEST)
for _, digest in ipairs(paid) do v.unconfirmed[#v.unconfirmed + 1] = digest end
while #v.unconfirmed > UNCONFIRMED_MAX do table.remove(v.unconfirmed, 1) end
return answer('CHARGED', {paid = table.concat(paid), units = cost})
