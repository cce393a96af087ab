import Groundwork
import Logging

/// The thread-bound half of a client: the connection as it stands, and the pipeline on it.
///
/// `@unchecked Sendable`: hiredis wants one thread at a time in a context, and all methods are called on the one
/// serial queue of the client that owns it.
final class RedisConversation: @unchecked Sendable {
    private let settings: RedisSettings
    private let backoff = Backoff(first: .milliseconds(50), ceiling: .seconds(1))
    private var logger: Logger
    private var door: RedisDoor
    private var link: RedisLink?
    /// What the scripts are called that the server knows since the connection was made.
    private var digests: [ObjectIdentifier: [UInt8]] = [:]
    private var failures = 0
    private var nextTry = ContinuousClock.now
    private var lastFailure = ""

    init(_ settings: RedisSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        self.logger[metadataKey: LogKey.address] = "\(settings.place)"
        door = RedisDoor(settings)
    }

    /// Ends the connection.
    func end() {
        link = nil
    }

    /// Sends all and answers each, except those that it returns: they are to be sent again.
    func exchange(_ all: [RedisRequest]) -> [RedisRequest] {
        let now = ContinuousClock.now
        let requests = all.filter { request in
            if request.deadline > now { return true }
            request.finish(.failure(RedisFailure(.notSent, "the line took too long")))
            return false
        }
        guard let first = requests.map(\.deadline).min() else { return [] }
        // One who stood in line for long does not cost the connection to all the others.
        let deadline = max(first, now + settings.patience / 2)
        let link: RedisLink
        do throws(RedisFailure) {
            link = try standing(until: deadline)
            try load(requests, on: link, until: deadline)
        } catch {
            self.link = nil
            let failure = RedisFailure(error.kind == .refused ? .refused : .notSent, error.message)
            for request in requests { request.finish(.failure(failure)) }
            return []
        }
        let sent = send(requests, on: link, until: deadline)
        return receive(sent, on: link, until: deadline)
    }

    // MARK: The connection

    private func standing(until deadline: ContinuousClock.Instant) throws(RedisFailure) -> RedisLink {
        if let link, link.isQuiet { return link }
        link = nil
        let now = ContinuousClock.now
        guard now >= nextTry else { throw RedisFailure(.notSent, lastFailure) }
        do throws(RedisFailure) {
            let made = try door.open(until: min(deadline, now + settings.reach))
            if failures > 0 { logger.notice("redis answers again") }
            failures = 0
            warnOfEviction(by: made, until: deadline)
            link = made
            digests = [:]
            return made
        } catch {
            failures += 1
            nextTry = .now + backoff.wait(afterAttempt: failures)
            lastFailure = error.message
            if failures == 1 {
                logger.warning("redis does not answer", metadata: [LogKey.error: "\(error.message)"])
            }
            throw error
        }
    }

    /// Warns of a server that makes room by removing what we have stored; one that does not let its settings be read,
    /// as a hosted one may not, is taken to be set up well.
    private func warnOfEviction(by link: RedisLink, until deadline: ContinuousClock.Instant) {
        func setting(_ name: String) -> String? {
            // A connection that broke is noticed by the command that follows.
            let answer = try? link.ask(["CONFIG", "GET", .text(name)], until: deadline).array
            return answer?.last?.text
        }
        guard let limit = setting("maxmemory"), limit != "0" else { return }
        guard let policy = setting("maxmemory-policy"), policy != "noeviction" else { return }
        logger.warning(
            "redis removes keys when its memory is full; set its maxmemory-policy to noeviction",
            metadata: [LogKey.reason: "maxmemory-policy is \(policy)"]
        )
    }

    /// Ends a connection that is of no use any more: its answers are out of step, or its server is no master.
    private func give(up reason: String) {
        guard link != nil else { return }
        link = nil
        logger.notice("connection to redis lost", metadata: [LogKey.reason: "\(reason)"])
    }

    /// Tells the server the scripts that it was not told on this connection.
    private func load(
        _ requests: [RedisRequest],
        on link: RedisLink,
        until deadline: ContinuousClock.Instant
    ) throws(RedisFailure) {
        for request in requests {
            guard let script = request.script?.script, digests[ObjectIdentifier(script)] == nil else {
                continue
            }
            let answer = try link.ask(["SCRIPT", "LOAD", .text(script.source)], until: deadline)
            digests[ObjectIdentifier(script)] = answer.bytes
        }
    }

    // MARK: The pipeline

    /// Writes all; those of which nothing went out are told so.
    ///
    /// - Returns: those that were sent, the last one perhaps in part.
    private func send(
        _ requests: [RedisRequest],
        on link: RedisLink,
        until deadline: ContinuousClock.Instant
    ) -> [RedisRequest] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(requests.reduce(0) { $0 + $1.bytes.count + 80 })
        var starts: [Int] = []
        for request in requests {
            starts.append(bytes.count)
            if let (script, words) = request.script, let digest = digests[ObjectIdentifier(script)] {
                var head = RedisWire()
                head.begin(words)
                head.append("EVALSHA")
                head.append(.bytes(digest))
                bytes.append(contentsOf: head.bytes)
            }
            bytes.append(contentsOf: request.bytes)
        }
        let (count, failure) = link.send(bytes, until: deadline)
        guard let failure else { return requests }
        give(up: failure.message)
        let firstUnsent = starts.firstIndex { $0 >= count } ?? requests.count
        for request in requests[firstUnsent...] {
            request.finish(.failure(RedisFailure(.notSent, failure.message)))
        }
        for request in requests[..<firstUnsent] { request.finish(.failure(failure)) }
        return []
    }

    /// Reads the answers and hands them out.
    ///
    /// - Returns: those whose script the server did not know, so that nothing happened.
    private func receive(
        _ requests: [RedisRequest],
        on link: RedisLink,
        until deadline: ContinuousClock.Instant
    ) -> [RedisRequest] {
        var again: [RedisRequest] = []
        var isMaster = true
        for (place, request) in requests.enumerated() {
            var values: [RedisValue] = []
            do throws(RedisFailure) {
                for _ in 0..<request.count { values.append(try link.receive(until: deadline)) }
            } catch {
                give(up: error.message)
                for request in requests[place...] { request.finish(.failure(error)) }
                return again
            }
            if case .error(let message)? = values.last {
                if message.hasPrefix("READONLY") { isMaster = false }
                if message.hasPrefix("NOSCRIPT"), let script = request.script?.script, !request.isRepeated {
                    digests[ObjectIdentifier(script)] = nil
                    var repeated = request
                    repeated.isRepeated = true
                    again.append(repeated)
                    continue
                }
            }
            request.finish(.success(values))
        }
        if !isMaster { give(up: "the server is a replica now") }
        return again
    }
}
