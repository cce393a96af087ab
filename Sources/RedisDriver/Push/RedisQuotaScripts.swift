/// How claims are judged on the server.
///
/// A key is `KEYS[1]`, which names the channel, and the recipient's eight bytes. Its value is the day that is
/// counted, how many entries at the front are of days before, and the entries in order: text, owner and time,
/// eight bytes each. Texts and owners stay strings, because Lua's numbers are doubles; the time is one. Values
/// are read at once and written one by one, since only so they expire.
enum RedisQuotaScripts {
    static let reserve = RedisScript(
        words + """
            local claims, day, window, perDay = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
            local now = tonumber(ARGV[5])
            if not now then
                local time = redis.call('TIME')
                now = time[1] * 1000 + math.floor(time[2] / 1000)
            end
            local recent, nowBytes = now - window, pack('<d', now)

            -- Makes `day` the one that is counted, and forgets what no rule looks at.
            local function turn(row)
                if day > row.day then
                    row.day, row.earlier = day, row.count
                end
                local start = perDay > 0 and row.earlier or row.count
                if start == 0 then return end
                local count, earlier = 0, 0
                for place = 1, row.count do
                    if place > start or number(row[place * 3]) > recent then
                        count = count + 1
                        if place <= row.earlier then earlier = earlier + 1 end
                        move(row, place, count)
                    end
                end
                row.count, row.earlier = count, earlier
            end

            -- The mark of a verdict, and the owners of the places that are in the way.
            local function judge(row, content, owner)
                for place = 1, row.count do
                    if row[place * 3 - 1] == owner then return 'g' end
                end
                if window > 0 then
                    for place = row.count, 1, -1 do
                        if row[place * 3 - 2] == content and number(row[place * 3]) > recent then
                            return 'd', row[place * 3 - 1]
                        end
                    end
                end
                if perDay > 0 and row.count - row.earlier >= perDay then
                    local owners = {}
                    for place = row.earlier + 1, row.count do owners[#owners + 1] = row[place * 3 - 1] end
                    return 'c', table.concat(owners)
                end
                local place = row.count * 3
                row[place + 1], row[place + 2], row[place + 3] = content, owner, nowBytes
                row.count, row.isChanged = row.count + 1, true
                return 'g'
            end

            local keys, stored = read(claims, 24)
            local rows, marks, answer = {}, {}, {''}
            for place, key in ipairs(keys) do
                local row = rows[key]
                if not row then
                    row = parse(stored[place])
                    if row then turn(row) else row = {day = day, earlier = 0, count = 0} end
                    rows[key] = row
                end
                local at = place * 24
                local mark, owners = judge(row, sub(claims, at - 15, at - 8), sub(claims, at - 7, at))
                marks[place] = mark
                if owners then answer[#answer + 1] = owners end
            end

            -- A day has up to 25 hours, and the clocks of those who tell days may differ.
            local life = 93600000 + window
            for key, row in pairs(rows) do
                if row.isChanged then redis.call('SET', key, format(row), 'PX', life) end
            end
            answer[1] = table.concat(marks)
            return answer
            """
    )

    static let refund = RedisScript(
        words + """
            local keys, stored = read(ARGV[1], 16)
            local rows = {}
            for place, key in ipairs(keys) do
                if rows[key] == nil then rows[key] = parse(stored[place]) or false end
                local row, owner = rows[key], sub(ARGV[1], place * 16 - 7, place * 16)
                local found
                for place = 1, row and row.count or 0 do
                    if found then
                        move(row, place, place - 1)
                    elseif row[place * 3 - 1] == owner then
                        found = place
                    end
                end
                if found then
                    if found <= row.earlier then row.earlier = row.earlier - 1 end
                    row.count, row.isChanged = row.count - 1, true
                end
            end
            for key, row in pairs(rows) do
                if row and row.isChanged then
                    if row.count == 0 then redis.call('DEL', key) else redis.call('SET', key, format(row), 'KEEPTTL') end
                end
            end
            """
    )

    private static let words = """
        local sub, pack, unpackNumber = string.sub, struct.pack, struct.unpack
        local first = tonumber(redis.call('GET', KEYS[2]) or 0)

        local function number(bytes) return (unpackNumber('<d', bytes)) end

        -- The keys of packed claims, whose first eight bytes name the recipient, and what is stored there.
        local function read(packed, width)
            local keys, stored, prefix = {}, {}, KEYS[1]
            for at = 1, #packed, width do keys[#keys + 1] = prefix .. sub(packed, at, at + 7) end
            -- Lua hands over no more than some thousand arguments.
            for start = 1, #keys, 1000 do
                local some = redis.call('MGET', unpack(keys, start, math.min(start + 999, #keys)))
                for place, value in ipairs(some) do stored[start + place - 1] = value end
            end
            return keys, stored
        end

        -- A stored row; nil when there is none, or it is of a day that is over.
        local function parse(value)
            if not value then return nil end
            local day, earlier = unpackNumber('<I4I2', value)
            if day < first then return nil end
            local row = {day = day, earlier = earlier, count = (#value - 6) / 24}
            for at = 7, #value, 8 do row[#row + 1] = sub(value, at, at + 7) end
            return row
        end

        local function format(row)
            return pack('<I4I2', row.day, row.earlier) .. table.concat(row, '', 1, row.count * 3)
        end

        local function move(row, from, to)
            for part = -2, 0 do row[to * 3 + part] = row[from * 3 + part] end
        end

        """
}
