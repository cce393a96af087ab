/// How claims are judged on the server.
///
/// A key is `KEYS[1]`, which names the channel, and the recipient's eight bytes. Its value is a head, the day that
/// is counted and how many entries at the front are of days before, and the entries in order: text, owner and
/// time, eight bytes each. Values stay strings, which are searched and appended to: Lua's numbers are doubles,
/// and to take every value apart costs more than to judge it. Values are read all at once and written one by
/// one, since only so they expire.
enum RedisQuotaScripts {
    static let reserve = RedisScript(
        words + """
            local claims, day, window, perDay = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
            local now = tonumber(ARGV[5])
            -- What several days count: at most so many since a day, each an owner and its day.
            local spanLimit, since, spanLife = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
            if not now then
                local time = redis.call('TIME')
                now = time[1] * 1000 + math.floor(time[2] / 1000)
            end
            local recent, nowBytes, today = now - window, pack('<d', now), pack('<I4I2', day, 0)
            -- A day has up to 25 hours, and the clocks of those who tell days may differ.
            local life = string.format('%.0f', 93600000 + window)

            -- What is stored, with `day` as the one that is counted and without what no rule looks at.
            local function turned(value)
                if not value then return today end
                if perDay > 0 and day >= first and sub(value, 1, 6) == today then return value end
                local its, earlier = number('<I4I2', value)
                if its < first then return today end
                local count = (#value - 6) / 24
                if day > its then its, earlier = day, count end
                local start, kept, left = perDay > 0 and earlier or count, {''}, 0
                for place = 0, count - 1 do
                    local at = 7 + place * 24
                    if place >= start or number('<d', value, at + 16) > recent then
                        kept[#kept + 1] = sub(value, at, at + 23)
                        if place < earlier then left = left + 1 end
                    end
                end
                kept[1] = pack('<I4I2', its, left)
                return table.concat(kept)
            end

            -- Who has the text since `recent`; the latest, if several.
            local function holder(value, content)
                local owner
                local at = find(value, content, 0, 7)
                while at do
                    if number('<d', value, at + 16) > recent then owner = sub(value, at + 8, at + 15) end
                    at = find(value, content, 0, at + 24)
                end
                return owner
            end

            -- Whose places use the day's number up.
            local function cappers(value)
                local earlier = 0
                if sub(value, 1, 6) ~= today then
                    local _, count = number('<I4I2', value)
                    earlier = count
                end
                if (#value - 6) / 24 - earlier < perDay then return nil end
                local owners = {}
                for at = 7 + earlier * 24, #value, 24 do owners[#owners + 1] = sub(value, at + 8, at + 15) end
                return table.concat(owners)
            end

            -- What a span counts for a recipient, without the days before it.
            local function counted(value)
                if not value then return '' end
                local kept = {}
                for at = 1, #value, 12 do
                    if number('<I4', value, at + 8) >= since then kept[#kept + 1] = sub(value, at, at + 11) end
                end
                return table.concat(kept)
            end

            -- Whose places use the number of several days up, and the day of the one that goes first.
            local function spanners(value)
                local count = #value / 12
                if count < spanLimit then return nil end
                local owners = {}
                for at = 1, #value, 12 do owners[#owners + 1] = sub(value, at, at + 7) end
                owners[#owners + 1] = sub(value, (count - spanLimit) * 12 + 9, (count - spanLimit) * 12 + 12)
                return table.concat(owners)
            end

            local spans = {}
            local function span(key)
                spans[key] = spans[key] or counted(redis.call('GET', key))
                return spans[key]
            end

            local function countIn(key, owner)
                local value = span(key)
                if ownerIn(value, owner) then return end
                local its = day
                if #value > 0 then its = math.max(its, (number('<I4', value, #value - 3))) end
                spans[key] = value .. owner .. pack('<I4', its)
                redis.call('SET', key, spans[key], 'PX', spanLife)
            end

            local keys, stored = read(claims, 24)
            local rows, marks, answer = {}, {}, {''}
            for place = 1, #keys do
                local key, at = keys[place], place * 24
                local value = rows[key] or turned(stored[place])
                local mark, owners = 'g', nil
                local spanKey = spanLimit > 0 and KEYS[3] .. sub(claims, at - 23, at - 16)
                if not find(value, sub(claims, at - 7, at), 8, 7) then
                    owners = window > 0 and holder(value, sub(claims, at - 15, at - 8))
                    if owners then
                        mark = 'd'
                    else
                        owners = perDay > 0 and cappers(value)
                        if owners then mark = 'c' end
                        if not owners and spanKey and not ownerIn(span(spanKey), sub(claims, at - 7, at)) then
                            owners = spanners(span(spanKey))
                            if owners then mark = 's' end
                        end
                        if not owners then
                            value = value .. sub(claims, at - 15, at) .. nowBytes
                            redis.call('SET', key, value, 'PX', life)
                        end
                    end
                end
                if spanKey and mark == 'g' then countIn(spanKey, sub(claims, at - 7, at)) end
                rows[key], marks[place] = value, mark
                if owners then answer[#answer + 1] = owners end
            end
            answer[1] = table.concat(marks)
            return answer
            """
    )

    static let refund = RedisScript(
        words + """
            local keys, stored = read(ARGV[1], 16)
            local rows = {}
            for place = 1, #keys do
                local key = keys[place]
                local value = rows[key] or stored[place]
                local at = value and find(value, sub(ARGV[1], place * 16 - 7, place * 16), 8, 7)
                if at then
                    local day, earlier = number('<I4I2', value)
                    if (at - 7) / 24 < earlier then earlier = earlier - 1 end
                    value = pack('<I4I2', day, earlier) .. sub(value, 7, at - 1) .. sub(value, at + 24)
                    rows[key] = value
                    if #value == 6 then
                        redis.call('DEL', key)
                    else
                        redis.call('SET', key, value, 'KEEPTTL')
                    end
                end
            end
            if ARGV[2] == '1' then
                for at = 1, #ARGV[1], 16 do
                    local key = KEYS[3] .. sub(ARGV[1], at, at + 7)
                    local value = redis.call('GET', key)
                    local place = value and ownerIn(value, sub(ARGV[1], at + 8, at + 15))
                    if place then
                        value = sub(value, 1, place - 1) .. sub(value, place + 12)
                        if value == '' then
                            redis.call('DEL', key)
                        else
                            redis.call('SET', key, value, 'KEEPTTL')
                        end
                    end
                end
            end
            """
    )

    private static let words = """
        local sub, pack, number = string.sub, struct.pack, struct.unpack
        local first = tonumber(redis.call('GET', KEYS[2]) or 0)

        -- The keys of packed claims, whose first eight bytes name the recipient, and what is stored there.
        local function read(packed, width)
            local keys, stored, prefix = {}, {}, KEYS[1]
            for at = 1, #packed, width do keys[#keys + 1] = prefix .. sub(packed, at, at + 7) end
            if #keys <= 1000 then return keys, redis.call('MGET', unpack(keys)) end
            -- Lua hands over no more than some thousand arguments.
            for start = 1, #keys, 1000 do
                local some = redis.call('MGET', unpack(keys, start, math.min(start + 999, #keys)))
                for place = 1, #some do stored[start + place - 1] = some[place] end
            end
            return keys, stored
        end

        -- Where an owner stands in what a span counts.
        local function ownerIn(value, owner)
            local at = string.find(value, owner, 1, true)
            while at do
                if (at - 1) % 12 == 0 then return at end
                at = string.find(value, owner, at + 1, true)
            end
        end

        -- Where the entry begins, at `from` or after, that has these bytes in the part at `offset`.
        local function find(value, bytes, offset, from)
            local at = string.find(value, bytes, from, true)
            while at do
                if (at - 7 - offset) % 24 == 0 then return at - offset end
                at = string.find(value, bytes, at + 1, true)
            end
        end

        """
}
