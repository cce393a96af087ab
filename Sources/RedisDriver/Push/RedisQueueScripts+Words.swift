extension RedisQueueScripts {
    /// A script that is told in our words.
    static func script(_ body: String) -> RedisScript { RedisScript(words + body) }

    /// What all of them are told in: `ARGV[1]` is the time, or empty for the server's own, `ARGV[2]` the
    /// process.
    private static let words = """
        local LANE, RUN, ATTEMPTS, RECEIPT, DUE, ENTRY, LAPSES, LEFT, HELD = 1, 2, 3, 4, 5, 6, 7, 8, 9
        local GROUP = 'workers'
        local prefix, me, now = KEYS[1], ARGV[2], tonumber(ARGV[1])
        if not now then
            local time = redis.call('TIME')
            now = time[1] * 1000 + math.floor(time[2] / 1000)
        end
        local messages, dead = prefix .. 'messages', prefix .. 'dead'
        local function stream(lane) return prefix .. 'stream:' .. lane end
        local function claims(lane) return prefix .. 'claims:' .. lane end
        local function later(lane) return prefix .. 'later:' .. lane end
        local function parked(lane) return prefix .. 'parked:' .. lane end
        local function length(lane) return redis.call('XLEN', stream(lane)) end

        local function load(batch)
            local packed = redis.call('HGET', messages, batch)
            if not packed then return nil end
            local message = cmsgpack.unpack(packed)
            -- One that was stored by an earlier version has no more than six.
            message[LAPSES], message[LEFT] = message[LAPSES] or 0, message[LEFT] or false
            message[HELD] = message[HELD] or 0
            return message
        end
        local function store(batch, message)
            redis.call('HSET', messages, batch, cmsgpack.pack(message))
        end
        local function ring(bell, lane) redis.call('PUBLISH', prefix .. bell, me .. ' ' .. lane) end
        local function isSuspended(message)
            return message[RUN] ~= '' and redis.call('SISMEMBER', prefix .. 'suspended', message[RUN]) == 1
        end
        local function remove(lane, entry)
            redis.call('XACK', stream(lane), GROUP, entry)
            redis.call('XDEL', stream(lane), entry)
        end
        local function has(lane, entry) return #redis.call('XRANGE', stream(lane), entry, entry) > 0 end
        local function add(lane, batch) return redis.call('XADD', stream(lane), '*', 'batch', batch) end
        -- Puts a message that is nowhere to where it belongs.
        local function settle(batch, message)
            message[RECEIPT], message[ENTRY] = 0, ''
            if isSuspended(message) then
                redis.call('SADD', parked(message[LANE]), batch)
            elseif message[DUE] > now then
                redis.call('ZADD', later(message[LANE]), message[DUE], batch)
            else
                message[DUE] = 0
                message[ENTRY] = add(message[LANE], batch)
            end
            store(batch, message)
        end
        -- Takes a claimed message out of its lane.
        local function release(batch, message)
            remove(message[LANE], message[ENTRY])
            redis.call('ZREM', claims(message[LANE]), batch)
        end
        -- Puts a message that nobody has claimed to where it belongs, wherever it is now.
        local function move(batch, message)
            if message[ENTRY] ~= '' then remove(message[LANE], message[ENTRY]) end
            redis.call('ZREM', later(message[LANE]), batch)
            redis.call('SREM', parked(message[LANE]), batch)
            settle(batch, message)
        end
        -- Notes that a message belongs to its run, unless that is known.
        local function join(batch, run)
            local key = prefix .. 'run:' .. run
            if run == '' or redis.call('ZSCORE', key, batch) then return end
            redis.call('ZADD', key, redis.call('INCR', prefix .. 'order'), batch)
        end
        local function enroll(batch, lane, run)
            join(batch, run)
            settle(batch, {lane, run, 0, 0, 0, '', 0, false, 0})
        end
        local function forget(batch, message)
            redis.call('HDEL', messages, batch)
            if message[RUN] ~= '' then redis.call('ZREM', prefix .. 'run:' .. message[RUN], batch) end
        end
        -- Whether a message is where it says that it is.
        local function isInPlace(batch, message)
            local lane = message[LANE]
            if message[RECEIPT] ~= 0 then
                return redis.call('ZSCORE', claims(lane), batch) and has(lane, message[ENTRY])
            end
            if isSuspended(message) then return redis.call('SISMEMBER', parked(lane), batch) == 1 end
            if message[ENTRY] ~= '' then return has(lane, message[ENTRY]) end
            return redis.call('ZSCORE', later(lane), batch)
        end
        -- Puts a message back whose place was lost with a key, or evicted; tells whether it was.
        local function mend(batch, message)
            join(batch, message[RUN])
            if isInPlace(batch, message) then return false end
            if message[RECEIPT] == 0 then
                move(batch, message)
                return true
            end
            -- Whoever claimed it may be at it: it is theirs for as long as they can have been told last.
            local lane = message[LANE]
            if not redis.call('ZSCORE', claims(lane), batch) then
                redis.call('ZADD', claims(lane), now + message[HELD], batch)
            end
            if not has(lane, message[ENTRY]) then
                message[ENTRY] = add(lane, batch)
                store(batch, message)
            end
            return true
        end
        -- Whether a lane has entries that the group was not given.
        local function hasUnread(lane)
            if length(lane) == 0 then return false end
            for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream(lane))) do
                -- Its name, and the entry that it was given last.
                if group[2] == GROUP then
                    return #redis.call('XRANGE', stream(lane), '(' .. group[8], '+', 'COUNT', 1) > 0
                end
            end
            return true
        end
        -- The message that ARGV[3] names, when it is still claimed by the receipt ARGV[4].
        local function claimed()
            local message = load(ARGV[3])
            if message and message[RECEIPT] == tonumber(ARGV[4]) then return ARGV[3], message end
        end
        -- Forgets processes that are long gone; what they had claimed is others' by then.
        local function forgetConsumers(lane, silence)
            local known = redis.pcall('XINFO', 'CONSUMERS', stream(lane), GROUP)
            if known.err then return end
            for _, consumer in ipairs(known) do
                if consumer[2] ~= me and consumer[4] == 0 and consumer[6] >= silence then
                    redis.call('XGROUP', 'DELCONSUMER', stream(lane), GROUP, consumer[2])
                end
            end
        end

        """
}
