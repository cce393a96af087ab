import CHiredis
import Glibc
import Groundwork

/// One connection to a Redis or a sentinel: every call blocks, until a given instant, and belongs on the
/// connection's own thread.
///
/// Connecting and reading answers is hiredis's; sending is ours, because hiredis 0.14 writes without
/// `MSG_NOSIGNAL`, so that a server which went away would end the process.
final class RedisLink {
    private let context: UnsafeMutablePointer<redisContext>
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    /// Connects.
    init(_ host: RedisSettings.Host, until deadline: ContinuousClock.Instant) throws(RedisFailure) {
        let limit = max(.milliseconds(10), ContinuousClock.now.duration(to: deadline))
        let time = timeval(
            tv_sec: Int(limit.components.seconds),
            tv_usec: Int(limit.components.attoseconds / 1_000_000_000_000)
        )
        guard let made = redisConnectWithTimeout(host.name, Int32(host.port), time) else {
            throw RedisFailure(.notSent, "no memory for a connection")
        }
        context = made
        guard made.pointee.err == 0 else {
            throw RedisFailure(.notSent, "\(host): \(Self.text(made.pointee.errstr))")
        }
        // A peer that vanished without a word is noticed by each command's own limit.
        redisEnableKeepAlive(made)
    }

    deinit {
        redisFree(context)
        room.deallocate()
    }

    /// Whether the connection still stands and nothing unasked-for has come, as far as can be told at once.
    var isQuiet: Bool {
        var poll = pollfd(fd: context.pointee.fd, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) == 0
    }

    /// Sends bytes.
    ///
    /// - Returns: how many were sent, and what kept the others from it.
    func send(
        _ bytes: [UInt8],
        until deadline: ContinuousClock.Instant
    ) -> (count: Int, failure: RedisFailure?) {
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
                let count = Glibc.send(context.pointee.fd, rest.baseAddress, rest.count, flags)
                if count > 0 {
                    sent += count
                } else if let failure = pause(errno, for: Int16(POLLOUT), until: deadline) {
                    return (sent, failure)
                }
            }
            return (sent, nil)
        }
    }

    /// Waits for the next answer.
    func receive(until deadline: ContinuousClock.Instant) throws(RedisFailure) -> RedisValue {
        guard let value = try next(until: deadline) else {
            throw RedisFailure(.unanswered, "no answer in time")
        }
        return value
    }

    /// Waits for what comes next; nil when nothing comes in time.
    func next(until deadline: ContinuousClock.Instant) throws(RedisFailure) -> RedisValue? {
        var value = try parsed()
        while value == nil {
            let flags = Int32(MSG_DONTWAIT)
            let count = recv(context.pointee.fd, room.baseAddress, room.count, flags)
            if count > 0 {
                redisReaderFeed(
                    context.pointee.reader,
                    room.baseAddress?.assumingMemoryBound(to: CChar.self),
                    count
                )
            } else if count == 0 {
                throw RedisFailure(.unanswered, "the server closed the connection")
            } else if let failure = pause(errno, for: Int16(POLLIN), until: deadline) {
                guard failure == Self.late else { throw failure }
                return nil
            }
            value = try parsed()
        }
        return value
    }

    private static let late = RedisFailure(.unanswered, "the server does not take what it is sent")

    /// Sends one command and waits for its answer; a refusal is thrown.
    func ask(
        _ command: RedisCommand,
        until deadline: ContinuousClock.Instant
    ) throws(RedisFailure)
        -> RedisValue
    {
        var wire = RedisWire()
        wire.append(command)
        if let failure = send(wire.bytes, until: deadline).failure { throw failure }
        let value = try receive(until: deadline)
        if case .error(let message) = value { throw RedisFailure(.refused, message) }
        return value
    }

    /// The next answer, when all of it is here.
    private func parsed() throws(RedisFailure) -> RedisValue? {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(context.pointee.reader, &reply) == REDIS_OK else {
            throw RedisFailure(.unanswered, "not Redis: \(Self.text(context.pointee.reader.pointee.errstr))")
        }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        return Self.value(reply.assumingMemoryBound(to: redisReply.self).pointee)
    }

    /// Waits after a call that did nothing; what keeps the next one from doing better.
    private func pause(
        _ code: Int32,
        for events: Int16,
        until deadline: ContinuousClock.Instant
    ) -> RedisFailure? {
        if code == EINTR { return nil }
        guard code == EAGAIN || code == EWOULDBLOCK else {
            return RedisFailure(.unanswered, String(cString: strerror(code)))
        }
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { return Self.late }
        var poll = pollfd(fd: context.pointee.fd, events: events, revents: 0)
        // What comes of it shows in the next call.
        _ = Glibc.poll(&poll, 1, Int32(clamping: left.wholeMilliseconds + 1))
        return nil
    }

    private static func value(_ reply: redisReply) -> RedisValue {
        switch reply.type {
        case REDIS_REPLY_INTEGER: return .integer(reply.integer)
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: return .bytes(bytes(reply))
        case REDIS_REPLY_ERROR: return .error(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            return .array(
                (0..<reply.elements).map { reply.element[$0].map { value($0.pointee) } ?? .none }
            )
        default: return .none
        }
    }

    private static func bytes(_ reply: redisReply) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: reply.str, count: reply.len))
    }

    /// The text of a C array of characters.
    private static func text<Characters>(_ characters: Characters) -> String {
        withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
