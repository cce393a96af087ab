package import Groundwork
package import PushEngine

/// Tokens that all processes share, sealed, by the clock of Redis; a Redis that was flushed has none.
package struct RedisAccessTokenStore: AccessTokenStore {
    private let client: RedisClient
    private let prefix: String
    private let sealer: any SecretSealer
    private let time: (any WallClock)?

    /// Makes a store.
    ///
    /// - Parameters:
    ///   - client: speaks to Redis.
    ///   - name: tells these tokens from others on the same Redis; their keys begin with `{kpush:NAME}:`.
    ///   - sealer: keeps tokens from whoever reads what Redis holds.
    package init(_ client: RedisClient, name: String, sealer: any SecretSealer) {
        self.init(client, name: name, sealer: sealer, time: nil)
    }

    /// Makes a store that goes by `time` instead of the server's clock.
    init(_ client: RedisClient, name: String, sealer: any SecretSealer, time: (any WallClock)?) {
        self.client = client
        prefix = "{kpush:\(name)}:token:"
        self.sealer = sealer
        self.time = time
    }

    package func token(of holder: TokenHolder) async throws(StoreError) -> AccessToken? {
        let operation = "read access token"
        let answer = try await run(RedisTokenScripts.token, operation, holder)
        guard let parts = answer.array, parts.count == 4, let sealed = parts[0].bytes,
            let lifetime = parts[1].integer, let remaining = parts[2].integer, let turn = parts[3].integer
        else { return nil }
        let value: Secret
        do throws(SealError) { value = try sealer.open(sealed) } catch {
            throw StoreError(.corrupted, during: operation, detail: "sealed with another key")
        }
        return AccessToken(
            value: value,
            lifetime: .milliseconds(lifetime),
            remaining: .milliseconds(remaining),
            turn: RefreshTurn(rawValue: turn)
        )
    }

    package func takeTurn(
        of holder: TokenHolder,
        after known: RefreshTurn?,
        for limit: Duration
    ) async throws(StoreError) -> TurnAnswer {
        let operation = "take turn"
        let answer = try await run(
            RedisTokenScripts.takeTurn,
            operation,
            holder,
            .integer(limit.wholeMilliseconds),
            .integer(known?.rawValue ?? 0)
        )
        let parts = answer.array ?? []
        let numbers = parts.dropFirst().compactMap(\.integer)
        switch (parts.first?.bytes.map { String(decoding: $0, as: UTF8.self) }, numbers.count) {
        case ("yours", 3):
            return .yours(
                RefreshTurn(rawValue: numbers[0]),
                failures: Int(numbers[1]),
                isAfterRejection: numbers[2] == 1
            )
        case ("replaced", 0): return .replaced
        case ("taken", 1): return .taken(.milliseconds(numbers[0]))
        case ("paused", 1): return .paused(.milliseconds(numbers[0]))
        default: throw StoreError(.corrupted, during: operation, detail: "an answer of another form")
        }
    }

    package func put(
        _ value: Secret,
        for lifetime: Duration,
        of holder: TokenHolder,
        turn: RefreshTurn,
        pause: Duration
    ) async throws(StoreError) -> Bool {
        let operation = "store access token"
        let sealed: [UInt8]
        do throws(SealError) { sealed = try sealer.seal(value) } catch {
            throw StoreError(.corrupted, during: operation, detail: "cannot be sealed")
        }
        return try await run(
            RedisTokenScripts.put,
            operation,
            holder,
            .integer(turn.rawValue),
            .bytes(sealed),
            .integer(lifetime.wholeMilliseconds),
            .integer(pause.wholeMilliseconds)
        )
        .integer == 1
    }

    package func giveUp(
        _ turn: RefreshTurn,
        of holder: TokenHolder,
        pause: Duration
    ) async throws(StoreError) {
        let pause = RedisArgument.integer(pause.wholeMilliseconds)
        _ = try await run(RedisTokenScripts.giveUp, "end turn", holder, .integer(turn.rawValue), pause)
    }

    package func invalidate(_ token: RefreshTurn, of holder: TokenHolder) async throws(StoreError) {
        let turn = RedisArgument.integer(token.rawValue)
        _ = try await run(RedisTokenScripts.invalidate, "forget access token", holder, turn)
    }

    private func run(
        _ script: RedisScript,
        _ operation: String,
        _ holder: TokenHolder,
        _ arguments: RedisArgument...
    ) async throws(StoreError) -> RedisValue {
        let now = time.map { RedisArgument.integer($0.now.millisecondsSinceEpoch) } ?? ""
        let keys = [prefix + holder.rawValue]
        do throws(RedisFailure) {
            return try await client.eval(script, keys: keys, arguments: [now] + arguments)
        } catch { throw StoreError(redis: error, during: operation) }
    }
}

/// What the token store does on the server.
///
/// A key is a holder's hash: the sealed `value`, its `lifetime`, `until` when it is valid and the turn it is `of`; the
/// `newest` turn, when it was `taken` and when it `ends`; until when it is `paused`; how many `failures` there were,
/// whether the newest turn went `fine`, and whether the last token was `rejected`. It goes by itself when none of it
/// counts any more.
private enum RedisTokenScripts {
    static let token = script("return token()")

    static let takeTurn = script(
        """
        local known = token()
        if known and known[4] ~= tonumber(ARGV[3]) then return {'replaced'} end
        local newest, ends, paused = unpack(redis.call('HMGET', key, 'newest', 'ends', 'paused'))
        if ends and tonumber(ends) > now then return {'taken', tonumber(ends) - now} end
        if paused and tonumber(paused) > now then return {'paused', tonumber(paused) - now} end
        if redis.call('HDEL', key, 'fine') == 1 then redis.call('HDEL', key, 'failures') end
        -- Also above those from before everything was flushed.
        local time = redis.call('TIME')
        local turn = math.max(tonumber(newest or 0) + 1, time[1] * 1000000 + time[2])
        redis.call('HSET', key, 'newest', turn, 'taken', now, 'ends', now + tonumber(ARGV[2]))
        keep()
        local failures, rejected = unpack(redis.call('HMGET', key, 'failures', 'rejected'))
        return {'yours', turn, tonumber(failures or 0), tonumber(rejected or 0)}
        """
    )

    static let put = script(
        """
        local newest, taken = unpack(redis.call('HMGET', key, 'newest', 'taken'))
        if tonumber(newest or 0) ~= tonumber(ARGV[2]) then return 0 end
        local lifetime = tonumber(ARGV[4])
        redis.call('HSET', key, 'value', ARGV[3], 'lifetime', lifetime, 'until', tonumber(taken) + lifetime)
        redis.call('HSET', key, 'of', ARGV[2], 'paused', now + tonumber(ARGV[5]), 'fine', 1)
        redis.call('HDEL', key, 'ends', 'rejected')
        keep()
        return 1
        """
    )

    static let giveUp = script(
        """
        if tonumber(redis.call('HGET', key, 'newest') or 0) ~= tonumber(ARGV[2]) then return end
        if redis.call('HDEL', key, 'ends') == 0 then return end
        redis.call('HSET', key, 'paused', now + tonumber(ARGV[3]))
        redis.call('HINCRBY', key, 'failures', 1)
        keep()
        """
    )

    static let invalidate = script(
        """
        if tonumber(redis.call('HGET', key, 'of') or 0) ~= tonumber(ARGV[2]) then return end
        redis.call('HDEL', key, 'value', 'lifetime', 'until', 'of', 'fine')
        redis.call('HSET', key, 'rejected', 1)
        redis.call('HINCRBY', key, 'failures', 1)
        """
    )

    private static func script(_ body: String) -> RedisScript { RedisScript(words + body) }

    private static let words = """
        local key, now = KEYS[1], tonumber(ARGV[1])
        if not now then
            local time = redis.call('TIME')
            now = time[1] * 1000 + math.floor(time[2] / 1000)
        end
        -- The token that is valid; false when none is.
        local function token()
            local fields = redis.call('HMGET', key, 'value', 'lifetime', 'until', 'of')
            local value, lifetime, time, of = unpack(fields)
            if not value or tonumber(time) <= now then return false end
            return {value, tonumber(lifetime), tonumber(time) - now, tonumber(of)}
        end
        -- Lets the holder go when nothing of it counts any more, and no turn from before can come back.
        local function keep()
            local times = redis.call('HMGET', key, 'until', 'ends', 'paused')
            local last = math.max(tonumber(times[1] or 0), tonumber(times[2] or 0), tonumber(times[3] or 0))
            redis.call('PEXPIRE', key, string.format('%.0f', last - now + 86400000))
        end

        """
}
