import Foundation
import Groundwork
import Logging
import Synchronization

/// Hears what is published on some channels, on a connection and a thread of its own, until it is let go.
///
/// What is published while the connection is away is lost: `.gap` says so.
final class RedisListener: Sendable {
    /// What there is to hear.
    enum News: Hashable, Sendable {
        case message(channel: String, text: String)
        /// The connection stands again, or for the first time: there may have been messages before.
        case gap
    }

    private let ear: RedisEar

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - settings: where the server is.
    ///   - channels: which channels to hear.
    ///   - logger: is told when the connection is lost.
    ///   - heard: called with all news, one after the other, in a thread that it must not hold up.
    init(
        _ settings: RedisSettings,
        channels: [String],
        logger: Logger,
        heard: @escaping @Sendable (News) -> Void
    ) {
        let ear = RedisEar(settings, channels, logger, heard)
        self.ear = ear
        // Nobody waits for it: it ends by itself within a second after this object.
        Thread.detachNewThread { ear.listen() }
    }

    /// Whether the connection stands, as far as is known.
    var isListening: Bool { ear.isListening.withLock { $0 } }

    deinit {
        ear.stop()
    }
}

/// What a listener's thread does.
private final class RedisEar: Sendable {
    private let settings: RedisSettings
    private let channels: [String]
    private let logger: Logger
    private let heard: @Sendable (RedisListener.News) -> Void
    private let isOver = Mutex(false)
    let isListening = Mutex(false)

    init(
        _ settings: RedisSettings,
        _ channels: [String],
        _ logger: Logger,
        _ heard: @escaping @Sendable (RedisListener.News) -> Void
    ) {
        self.settings = settings
        self.channels = channels
        self.heard = heard
        var logger = logger
        logger[metadataKey: LogKey.address] = "\(settings.place)"
        self.logger = logger
    }

    func stop() {
        isOver.withLock { $0 = true }
    }

    func listen() {
        let backoff = Backoff(first: .milliseconds(50), ceiling: .seconds(1))
        var door = RedisDoor(settings)
        var failures = 0
        while !isOver.withLock({ $0 }) {
            do throws(RedisFailure) {
                let link = try door.open(until: .now + settings.reach)
                try subscribe(link)
                failures = 0
                try hear(link)
            } catch {
                isListening.withLock { $0 = false }
                failures += 1
                if failures == 1 {
                    logger.notice("redis cannot be heard", metadata: [LogKey.reason: "\(error.message)"])
                }
                // This thread is the listener's own and waits on a socket otherwise: no task's thread is held up.
                Thread.sleep(forTimeInterval: backoff.wait(afterAttempt: failures).inSeconds)
            }
        }
    }

    private func subscribe(_ link: RedisLink) throws(RedisFailure) {
        let deadline = ContinuousClock.now + settings.patience
        _ = try link.ask(RedisCommand(["SUBSCRIBE"] + channels.map(RedisArgument.text)), until: deadline)
        for _ in channels.dropFirst() { _ = try link.receive(until: deadline) }
        heard(.gap)
        isListening.withLock { $0 = true }
    }

    /// Hears until the connection ends, or is silent though it is asked for a sign, or nobody listens any more.
    private func hear(_ link: RedisLink) throws(RedisFailure) {
        var lastSign = ContinuousClock.now
        var isAsked = false
        while !isOver.withLock({ $0 }) {
            if let value = try link.next(until: .now + .seconds(1)) {
                lastSign = .now
                isAsked = false
                // An answer to the ping is news of nothing.
                guard let parts = value.array, parts.count == 3, parts[0].text == "message",
                    let channel = parts[1].text, let text = parts[2].text
                else { continue }
                heard(.message(channel: channel, text: text))
                continue
            }
            let silence = ContinuousClock.now - lastSign
            guard silence < settings.patience * 2 else {
                throw RedisFailure(.unanswered, "no sign for \(silence)")
            }
            if silence > settings.patience, !isAsked {
                var ping = RedisWire()
                ping.append(["PING"])
                if let failure = link.send(ping.bytes, until: .now + .seconds(1)).failure { throw failure }
                isAsked = true
            }
        }
    }
}
