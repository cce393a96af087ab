package import Groundwork
package import PushEngine

/// Limits that all processes share, by the clock of Redis; a Redis that was flushed has them full.
package struct RedisRateLimiter: RateLimiter {
    private let client: RedisClient
    private let prefix: String
    private let time: (any WallClock)?

    /// Makes a limiter.
    ///
    /// - Parameters:
    ///   - client: speaks to Redis.
    ///   - name: tells these limits from others on the same Redis; their keys begin with `{kpush:NAME}:`.
    package init(_ client: RedisClient, name: String) {
        self.init(client, name: name, time: nil)
    }

    /// Makes a limiter that goes by `time` instead of the server's clock.
    init(_ client: RedisClient, name: String, time: (any WallClock)?) {
        self.client = client
        prefix = "{kpush:\(name)}:rate:"
        self.time = time
    }

    package func take(_ wishes: [RateWish]) async throws(StoreError) -> [RateGrant] {
        guard !wishes.isEmpty else { return [] }
        let operation = "take permits"
        var arguments = [time.map { RedisArgument.integer($0.now.millisecondsSinceEpoch) } ?? ""]
        for wish in wishes {
            arguments.append(.integer(Int64(wish.count)))
            arguments.append(.integer(Int64(wish.limits.count)))
            for limit in wish.limits {
                arguments.append(.text(limit.name))
                arguments.append(.integer(Int64(limit.permits)))
                arguments.append(.integer(limit.period.wholeMilliseconds))
                arguments.append(.integer(Int64(limit.burst)))
            }
        }
        do throws(RedisFailure) {
            let answer = try await client.eval(Self.script, keys: [prefix], arguments: arguments)
            return try Self.grants(answer, wishes.count, operation)
        } catch { throw StoreError(redis: error, during: operation) }
    }

    private static func grants(
        _ answer: RedisValue,
        _ count: Int,
        _ operation: String
    ) throws(RedisFailure) -> [RateGrant] {
        let numbers = (answer.array ?? []).compactMap(\.integer)
        guard numbers.count == count * 2 else { throw RedisFailure(.refused, "no list of grants") }
        return (0..<count)
            .map { place in
                RateGrant(granted: Int(numbers[place * 2]), wait: .milliseconds(numbers[place * 2 + 1]))
            }
    }

    /// A bucket is the permits in it and the time at which they were counted, as two doubles; a full one is none.
    private static let script = RedisScript(
        """
        local prefix, now = KEYS[1], tonumber(ARGV[1])
        if not now then
            local time = redis.call('TIME')
            now = time[1] * 1000 + math.floor(time[2] / 1000)
        end
        -- Spares sums of fractions from missing a whole permit.
        local GRAIN = 1e-9

        local buckets = {}
        local function filled(name, rate, burst)
            local bucket = buckets[name]
            if not bucket then
                bucket = {permits = burst, at = now}
                local stored = redis.call('GET', prefix .. name)
                if stored then bucket.permits, bucket.at = struct.unpack('<dd', stored) end
                buckets[name] = bucket
            end
            bucket.permits = math.min(burst, bucket.permits + math.max(0, now - bucket.at) * rate)
            bucket.at, bucket.rate, bucket.burst = now, rate, burst
            return bucket
        end

        local answer, place = {}, 2
        while place <= #ARGV do
            local granted, ours = math.max(0, tonumber(ARGV[place])), {}
            for limit = 1, tonumber(ARGV[place + 1]) do
                local at = place + limit * 4 - 2
                local rate = tonumber(ARGV[at + 1]) / tonumber(ARGV[at + 2])
                local bucket = filled(ARGV[at], rate, tonumber(ARGV[at + 3]))
                granted = math.min(granted, math.floor(bucket.permits + GRAIN))
                ours[limit] = bucket
            end
            local wait = 0
            for _, bucket in ipairs(ours) do
                bucket.permits = bucket.permits - granted
                if bucket.permits + GRAIN < 1 then
                    wait = math.max(wait, math.ceil((1 - bucket.permits) / bucket.rate - GRAIN))
                end
            end
            answer[#answer + 1] = granted
            answer[#answer + 1] = wait
            place = place + 2 + #ours * 4
        end

        for name, bucket in pairs(buckets) do
            local life = math.ceil((bucket.burst - bucket.permits) / bucket.rate) + 1000
            local stored = struct.pack('<dd', bucket.permits, bucket.at)
            redis.call('SET', prefix .. name, stored, 'PX', string.format('%.0f', life))
        end
        return answer
        """
    )
}
