/// What the queue does on the server, each in one step.
///
/// All keys begin with `KEYS[1]`, which holds a hash tag, so that they lie together:
///
/// | key | type | holds |
/// |---|---|---|
/// | `messages` | hash | every batch in the queue: what `+Words` calls its fields, packed |
/// | `stream:LANE` | stream, group `workers` | the ready and the claimed ones |
/// | `claims:LANE` | sorted set | the claimed ones by the end of their claim |
/// | `later:LANE` | sorted set | the postponed ones by their time |
/// | `parked:LANE` | set | those of suspended runs that are not claimed |
/// | `run:RUN` | sorted set | a run's batches in the order of arrival |
/// | `suspended` | set | the suspended runs |
/// | `dead`, `dead:order` | hash, sorted set | the dead letters |
/// | `order`, `receipt` | numbers | the newest place in an order, and the newest receipt |
/// | `born` | text | who began with empty keys, and when |
///
/// Whose claim has ended is told by `claims`, not by how long an entry is idle in the group: claims can differ
/// in length and are extended, and `XAUTOCLAIM` would pass all entries that are worked on each time.
enum RedisQueueScripts {
    /// Adds what is in none of its keys, and puts back what is in `messages` alone.
    static let append = script(
        """
        local rung = {}
        for place = 3, #ARGV, 3 do
            local lane, batch, run = ARGV[place], ARGV[place + 1], ARGV[place + 2]
            local message = load(batch)
            if message then
                if mend(batch, message) then rung[message[LANE]] = true end
            elseif redis.call('HEXISTS', dead, batch) == 0 then
                enroll(batch, lane, run)
                rung[lane] = true
            end
        end
        for lane in pairs(rung) do ring('work', lane) end
        """
    )

    /// Gives messages out: first those whose claim has ended, then those that nobody had.
    static let claim = script(
        """
        local lane, limit, visibility = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
        local given = {}
        if ARGV[6] ~= '' then forgetConsumers(lane, tonumber(ARGV[6])) end

        local receipt
        local function give(batch, message)
            if not receipt then
                -- Also above those from before everything was flushed.
                local time = redis.call('TIME')
                local newest = tonumber(redis.call('GET', prefix .. 'receipt') or 0)
                receipt = math.max(newest + 1, time[1] * 1000000 + time[2])
                redis.call('SET', prefix .. 'receipt', receipt)
                given[1] = receipt
            end
            message[ATTEMPTS] = message[ATTEMPTS] + 1
            if message[RECEIPT] ~= 0 then message[LAPSES] = message[LAPSES] + 1 end
            message[RECEIPT], message[HELD] = receipt, visibility
            store(batch, message)
            redis.call('ZADD', claims(lane), now + visibility, batch)
            given[#given + 1] = batch
            given[#given + 1] = message[RUN]
            given[#given + 1] = message[ATTEMPTS]
            given[#given + 1] = message[LAPSES]
            limit = limit - 1
        end

        for _, batch in ipairs(redis.call('ZRANGE', later(lane), '-inf', now, 'BYSCORE', 'LIMIT', 0, 200)) do
            redis.call('ZREM', later(lane), batch)
            local message = load(batch)
            -- One that is elsewhere was forgotten meanwhile, and appended again.
            if message and message[RECEIPT] == 0 and message[ENTRY] == '' then settle(batch, message) end
        end

        while limit > 0 do
            local batch = redis.call('ZRANGE', claims(lane), '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)[1]
            if not batch then break end
            local message = load(batch)
            if not message then
                redis.call('ZREM', claims(lane), batch)
            elseif isSuspended(message) then
                release(batch, message)
                message[LAPSES] = message[LAPSES] + 1
                settle(batch, message)
            else
                redis.pcall('XCLAIM', stream(lane), GROUP, me, 0, message[ENTRY], 'JUSTID')
                give(batch, message)
            end
        end

        while limit > 0 and redis.call('EXISTS', stream(lane)) == 1 do
            local read = redis.pcall(
                'XREADGROUP', 'GROUP', GROUP, me, 'COUNT', limit, 'STREAMS', stream(lane), '>'
            )
            if not read then break end
            if read.err then
                if not string.find(read.err, 'NOGROUP', 1, true) then return read end
                redis.call('XGROUP', 'CREATE', stream(lane), GROUP, '0')
            else
                for _, entry in ipairs(read[1][2]) do
                    local batch = entry[2][2]
                    local message = load(batch)
                    if not message or message[ENTRY] ~= entry[1] then
                        remove(lane, entry[1])
                    elseif message[RECEIPT] == 0 then
                        give(batch, message)
                    end
                end
            end
        end

        -- All was given out, so that what is left is claimed, and `claims` knows it; unless keys were lost.
        if limit > 0 and length(lane) > redis.call('ZCARD', claims(lane)) then
            for _, entry in ipairs(redis.call('XRANGE', stream(lane), '-', '+', 'COUNT', 1000)) do
                local batch = entry[2][2]
                local message = load(batch)
                if message and message[ENTRY] == entry[1] then
                    mend(batch, message)
                else
                    remove(lane, entry[1])
                end
            end
        end
        return given
        """
    )

    /// Which memory this is: that of one start of one server, since it was empty.
    static let memory = script(
        """
        local born = redis.call('GET', prefix .. 'born')
        if not born then
            local time = redis.call('TIME')
            born = ARGV[3] .. '-' .. time[1] .. '.' .. time[2]
            redis.call('SET', prefix .. 'born', born)
        end
        local facts = redis.pcall('INFO', 'server')
        local start = type(facts) == 'string' and string.match(facts, 'run_id:(%w+)')
        return born .. ' ' .. (start or '')
        """
    )

    static let acknowledge = script(
        """
        local batch, message = claimed()
        if not message then return 0 end
        release(batch, message)
        forget(batch, message)
        ring('room', message[LANE])
        """
    )

    static let extend = script(
        """
        local batch, message = claimed()
        if not message then return 0 end
        local visibility = tonumber(ARGV[5])
        redis.call('ZADD', claims(message[LANE]), now + visibility, batch)
        if message[HELD] ~= visibility then
            message[HELD] = visibility
            store(batch, message)
        end
        redis.pcall('XCLAIM', stream(message[LANE]), GROUP, me, 0, message[ENTRY], 'JUSTID')
        return 1
        """
    )

    static let postpone = script(
        """
        local batch, message = claimed()
        if not message then return 0 end
        release(batch, message)
        message[DUE] = now + tonumber(ARGV[5])
        message[ATTEMPTS] = message[ATTEMPTS] - tonumber(ARGV[6])
        message[LAPSES], message[LEFT] = 0, false
        settle(batch, message)
        ring('work', message[LANE])
        """
    )

    static let note = script(
        """
        local batch, message = claimed()
        if not message then return 0 end
        local left = tonumber(ARGV[5])
        if message[LEFT] and left < message[LEFT] then message[LAPSES] = 0 end
        message[LEFT] = left
        store(batch, message)
        """
    )

    static let bury = script(
        """
        local batch, message = claimed()
        if not message then return 0 end
        release(batch, message)
        forget(batch, message)
        local letter = {message[LANE], message[RUN], message[ATTEMPTS], ARGV[5], now}
        redis.call('HSET', dead, batch, cmsgpack.pack(letter))
        redis.call('ZADD', dead .. ':order', redis.call('INCR', prefix .. 'order'), batch)
        ring('room', message[LANE])
        """
    )

    /// Answers 0 when there is no such letter.
    static let revive = script(
        """
        local batch = ARGV[3]
        local packed = redis.call('HGET', dead, batch)
        if not packed then return 0 end
        redis.call('HDEL', dead, batch)
        redis.call('ZREM', dead .. ':order', batch)
        local letter = cmsgpack.unpack(packed)
        enroll(batch, letter[1], letter[2])
        ring('work', letter[1])
        return letter[1]
        """
    )

    static let suspend = script(
        """
        local run = ARGV[3]
        redis.call('SADD', prefix .. 'suspended', run)
        for _, batch in ipairs(redis.call('ZRANGE', prefix .. 'run:' .. run, 0, -1)) do
            local message = load(batch)
            if message and message[RECEIPT] == 0 then move(batch, message) end
        end
        ring('room', '*')
        """
    )

    static let letGo = script(
        """
        local run = ARGV[3]
        redis.call('SREM', prefix .. 'suspended', run)
        for _, batch in ipairs(redis.call('ZRANGE', prefix .. 'run:' .. run, 0, -1)) do
            local message = load(batch)
            if message and redis.call('SREM', parked(message[LANE]), batch) == 1 then settle(batch, message) end
        end
        ring('work', '*')
        """
    )

    static let suspendedRuns = script("return redis.call('SMEMBERS', prefix .. 'suspended')")

    /// Four numbers a lane: ready, claimed, waiting, suspended.
    static let depths = script(
        """
        local answer = {}
        for place = 3, #ARGV do
            local lane = ARGV[place]
            local held = redis.call('ZCARD', claims(lane))
            local ready = math.max(0, length(lane) - held) + redis.call('ZCOUNT', later(lane), '-inf', now)
            local kept = redis.call('SCARD', parked(lane))
            for _, batch in ipairs(redis.call('ZRANGE', claims(lane), '-inf', now, 'BYSCORE')) do
                held = held - 1
                local message = load(batch)
                if message and isSuspended(message) then kept = kept + 1 else ready = ready + 1 end
            end
            local waiting = redis.call('ZCOUNT', later(lane), '(' .. now, '+inf')
            for _, count in ipairs({ready, held, waiting, kept}) do answer[#answer + 1] = count end
        end
        return answer
        """
    )

    static let load = script(
        """
        local lane = ARGV[3]
        local count = length(lane) + redis.call('ZCARD', later(lane))
        if redis.call('EXISTS', prefix .. 'suspended') == 0 then return count end
        for _, batch in ipairs(redis.call('ZRANGE', claims(lane), 0, -1)) do
            local message = load(batch)
            if message and isSuspended(message) then count = count - 1 end
        end
        return count
        """
    )

    /// In how many milliseconds there is something to claim; -1 when nobody knows.
    static let nextDue = script(
        """
        local lane = ARGV[3]
        if hasUnread(lane) then return 0 end
        local due = -1
        for _, key in ipairs({later(lane), claims(lane)}) do
            local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
            if first then
                local wait = math.max(0, tonumber(first) - now)
                if due < 0 or wait < due then due = wait end
            end
        end
        return due
        """
    )

    /// Seven values a letter: batch, lane, run, attempts, reason, time, place in the order.
    static let deadLetters = script(
        """
        local answer = {}
        local found = redis.call(
            'ZREVRANGEBYSCORE', dead .. ':order', ARGV[3], '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
        for place = 1, #found, 2 do
            local packed = redis.call('HGET', dead, found[place])
            if packed then
                answer[#answer + 1] = found[place]
                for _, part in ipairs(cmsgpack.unpack(packed)) do answer[#answer + 1] = part end
                answer[#answer + 1] = found[place + 1]
            end
        end
        return answer
        """
    )
}
