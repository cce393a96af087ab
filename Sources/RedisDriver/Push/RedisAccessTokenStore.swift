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

    package func token(of account: AccountID) async throws(StoreError) -> AccessToken? {
        let operation = "read access token"
        let answer = try await run(RedisTokenScripts.token, operation, account)
        guard let parts = answer.array, parts.count == 3, let sealed = parts[0].bytes,
            let remaining = parts[1].integer, let turn = parts[2].integer
        else { return nil }
        let value: Secret
        do throws(SealError) { value = try sealer.open(sealed) } catch {
            throw StoreError(.corrupted, during: operation, detail: "sealed with another key")
        }
        return AccessToken(
            value: value,
            remaining: .milliseconds(remaining),
            turn: RefreshTurn(rawValue: turn)
        )
    }

    package func takeTurn(
        of account: AccountID,
        for limit: Duration
    ) async throws(StoreError) -> RefreshTurn? {
        let limit = RedisArgument.integer(limit.wholeMilliseconds)
        return try await run(RedisTokenScripts.takeTurn, "take turn", account, limit)
            .integer.map(RefreshTurn.init(rawValue:))
    }

    package func put(
        _ value: Secret,
        for lifetime: Duration,
        of account: AccountID,
        turn: RefreshTurn
    ) async throws(StoreError) -> Bool {
        let operation = "store access token"
        let sealed: [UInt8]
        do throws(SealError) { sealed = try sealer.seal(value) } catch {
            throw StoreError(.corrupted, during: operation, detail: "cannot be sealed")
        }
        return try await run(
            RedisTokenScripts.put,
            operation,
            account,
            .integer(turn.rawValue),
            .bytes(sealed),
            .integer(lifetime.wholeMilliseconds)
        )
        .integer == 1
    }

    package func giveUp(_ turn: RefreshTurn, of account: AccountID) async throws(StoreError) {
        _ = try await run(RedisTokenScripts.giveUp, "end turn", account, .integer(turn.rawValue))
    }

    package func invalidate(_ token: AccessToken, of account: AccountID) async throws(StoreError) {
        let turn = RedisArgument.integer(token.turn.rawValue)
        _ = try await run(RedisTokenScripts.invalidate, "forget access token", account, turn)
    }

    private func run(
        _ script: RedisScript,
        _ operation: String,
        _ account: AccountID,
        _ arguments: RedisArgument...
    ) async throws(StoreError) -> RedisValue {
        let now = time.map { RedisArgument.integer($0.now.millisecondsSinceEpoch) } ?? ""
        let keys = [prefix + "\(account.rawValue)"]
        do throws(RedisFailure) {
            return try await client.eval(script, keys: keys, arguments: [now] + arguments)
        } catch { throw StoreError(redis: error, during: operation) }
    }
}

/// What the token store does on the server.
///
/// A key is an account's hash: the sealed `value`, `until` when it is valid and the turn it is `of`; the `newest`
/// turn and when that `ends`. It goes by itself when none of it counts any more.
private enum RedisTokenScripts {
    static let token = script(
        """
        local value, time, of = unpack(redis.call('HMGET', key, 'value', 'until', 'of'))
        if not value or tonumber(time) <= now then return false end
        return {value, tonumber(time) - now, of}
        """
    )

    static let takeTurn = script(
        """
        local newest, ends = unpack(redis.call('HMGET', key, 'newest', 'ends'))
        if ends and tonumber(ends) > now then return false end
        -- Also above those from before everything was flushed.
        local time = redis.call('TIME')
        local turn = math.max(tonumber(newest or 0) + 1, time[1] * 1000000 + time[2])
        redis.call('HSET', key, 'newest', turn, 'ends', now + tonumber(ARGV[2]))
        keep()
        return turn
        """
    )

    static let put = script(
        """
        local newest = redis.call('HGET', key, 'newest')
        if newest and tonumber(newest) ~= tonumber(ARGV[2]) then return 0 end
        redis.call('HSET', key, 'value', ARGV[3], 'until', now + tonumber(ARGV[4]), 'of', ARGV[2])
        redis.call('HSET', key, 'newest', ARGV[2])
        redis.call('HDEL', key, 'ends')
        keep()
        return 1
        """
    )

    static let giveUp = script(
        """
        if tonumber(redis.call('HGET', key, 'newest') or 0) == tonumber(ARGV[2]) then
            redis.call('HDEL', key, 'ends')
        end
        """
    )

    static let invalidate = script(
        """
        if tonumber(redis.call('HGET', key, 'of') or 0) == tonumber(ARGV[2]) then
            redis.call('HDEL', key, 'value', 'until', 'of')
        end
        """
    )

    private static func script(_ body: String) -> RedisScript { RedisScript(words + body) }

    private static let words = """
        local key, now = KEYS[1], tonumber(ARGV[1])
        if not now then
            local time = redis.call('TIME')
            now = time[1] * 1000 + math.floor(time[2] / 1000)
        end
        -- Lets the account go when nothing of it counts any more, and no turn from before can come back.
        local function keep()
            local time, ends = unpack(redis.call('HMGET', key, 'until', 'ends'))
            local life = math.max(tonumber(time or 0), tonumber(ends or 0)) - now + 86400000
            redis.call('PEXPIRE', key, string.format('%.0f', life))
        end

        """
}
