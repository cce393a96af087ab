package import Groundwork
package import Logging
import Scheduler
import Synchronization

/// A lock that is a key which runs out: whoever leads has put its name there.
///
/// Every step is one script, so that nobody changes what is somebody else's. Releases are announced in a stream that
/// holds the newest one only: unlike a publication, it is still there for whoever comes a moment later.
package final class RedisElectionLock: ElectionLock {
    private let space: String
    private let hand: RedisClient
    /// Waits, which nothing else could do on the same connection meanwhile.
    private let ear: RedisClient
    private let patience: Duration
    /// Which announcement was the newest when the lock was last tried.
    private let heard = Mutex<[String: String]>([:])

    /// Makes a lock with connections of its own, because elections must not stand in line behind mass work.
    ///
    /// - Parameters:
    ///   - settings: where the server is; an answer is waited for no longer than a second, as leases are short.
    ///   - cluster: the name of the cluster, which may share the server with others.
    ///   - logger: is told when the connection goes and comes.
    package init(_ settings: RedisSettings, cluster: String, logger: Logger) {
        space = "kpush:\(cluster):lease:"
        patience = settings.patience
        var hasty = settings
        hasty.patience = min(settings.patience, .seconds(1))
        hasty.reach = min(settings.reach, .seconds(1))
        hand = RedisClient(hasty, logger: logger)
        ear = RedisClient(settings, logger: logger)
    }

    package func take(
        _ name: String,
        holder: String,
        for duration: Duration
    ) async throws(StoreError) -> String {
        let keys = [key(name), releases(name)]
        let answer = try await eval("take lock", Self.take, keys, [.text(holder), milliseconds(duration)])
        guard let parts = answer.array, parts.count == 2, let winner = parts[0].text else {
            throw StoreError(.corrupted, during: "take lock", detail: "not an answer: \(answer)")
        }
        heard.withLock { $0[name] = parts[1].text }
        return winner
    }

    package func extend(
        _ name: String,
        holder: String,
        for duration: Duration
    ) async throws(StoreError) -> Bool {
        try await replace(name, holder, by: holder, for: duration)
    }

    package func replace(
        _ name: String,
        _ former: String,
        by holder: String,
        for duration: Duration
    ) async throws(StoreError) -> Bool {
        let arguments: [RedisArgument] = [.text(former), .text(holder), milliseconds(duration)]
        return try await eval("keep lock", Self.replace, [key(name)], arguments).integer == 1
    }

    package func release(_ name: String, holder: String) async throws(StoreError) {
        _ = try await eval("release lock", Self.release, [key(name), releases(name)], [.text(holder)])
    }

    package func waitForRelease(_ name: String, atMost limit: Duration) async throws(StoreError) {
        let newest = heard.withLock { $0[name] } ?? "$"
        // The server must have answered before the connection is taken for a dead one.
        let wait = max(.milliseconds(1), min(limit, patience / 2))
        do {
            let question: RedisCommand = [
                "XREAD", "COUNT", "1", "BLOCK", milliseconds(wait), "STREAMS", .text(releases(name)),
                .text(newest),
            ]
            _ = try await ear.send(question)
        } catch { throw StoreError(redis: error, during: "wait for lock") }
    }

    package func cluster(of name: String, orElse cluster: String) async throws(StoreError) -> String {
        let key = key(name) + ":cluster"
        do {
            let known = try await hand.send(["SET", .text(key), .text(cluster), "NX", "GET"])
            return known.text ?? cluster
        } catch { throw StoreError(redis: error, during: "join cluster") }
    }

    /// Ends its connections.
    package func close() {
        hand.close()
        ear.close()
    }

    private func key(_ name: String) -> String { space + name }

    private func releases(_ name: String) -> String { key(name) + ":releases" }

    private func milliseconds(_ duration: Duration) -> RedisArgument { .integer(duration.wholeMilliseconds) }

    private func eval(
        _ operation: String,
        _ script: RedisScript,
        _ keys: [String],
        _ arguments: [RedisArgument]
    ) async throws(StoreError) -> RedisValue {
        do { return try await hand.eval(script, keys: keys, arguments: arguments) } catch {
            throw StoreError(redis: error, during: operation)
        }
    }

    private static let take = RedisScript(
        """
        local holder = redis.call('GET', KEYS[1])
        if not holder or holder == ARGV[1] then
            redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
            holder = ARGV[1]
        end
        local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
        return {holder, newest and newest[1] or '0'}
        """
    )

    private static let replace = RedisScript(
        """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
        return 1
        """
    )

    private static let release = RedisScript(
        """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        redis.call('DEL', KEYS[1])
        redis.call('XADD', KEYS[2], 'MAXLEN', 1, '*', 'holder', ARGV[1])
        return 1
        """
    )
}
