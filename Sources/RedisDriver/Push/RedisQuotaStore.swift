package import Groundwork
package import PushEngine

/// Counters per recipient in Redis, shared by all processes: one script judges a whole batch of claims.
///
/// Redis tells the time, and forgets a recipient by itself after a bit more than a day.
package struct RedisQuotaStore: QuotaStore {
    private let client: RedisClient
    private let prefix: String
    private let time: (any WallClock)?

    /// Makes a store.
    ///
    /// - Parameters:
    ///   - client: speaks to Redis.
    ///   - name: tells these counters from others on the same Redis; their keys begin with `{kpush:NAME}:`.
    package init(_ client: RedisClient, name: String) {
        self.init(client, name: name, time: nil)
    }

    /// Makes a store that goes by `time` instead of the server's clock.
    init(_ client: RedisClient, name: String, time: (any WallClock)?) {
        self.client = client
        prefix = "{kpush:\(name)}:quota:"
        self.time = time
    }

    package func reserve(
        _ claims: [QuotaClaim],
        channel: Channel,
        rules: QuotaRules,
        day: Int
    ) async throws(StoreError) -> [QuotaVerdict] {
        guard !claims.isEmpty else { return [] }
        var packed: [UInt8] = []
        packed.reserveCapacity(claims.count * 24)
        for claim in claims {
            packed.append(number: claim.recipient.rawValue)
            packed.append(number: claim.content)
            packed.append(number: claim.owner.rawValue)
        }
        let operation = "reserve quota"
        let now = time.map { RedisArgument.integer($0.now.millisecondsSinceEpoch) } ?? ""
        let answer = try await run(
            RedisQuotaScripts.reserve,
            operation,
            channel,
            [
                .bytes(packed), .integer(Int64(day)), .integer(rules.contentWindow.wholeMilliseconds),
                .integer(Int64(rules.perDay)), now,
                .integer(Int64(rules.span?.limit ?? 0)), .integer(Int64(rules.span?.firstDay(for: day) ?? 0)),
                .integer(Int64((rules.span?.days ?? 0) + 1) * 86_400_000),
            ],
            rules.span
        )
        guard let parts = answer.array, let marks = parts.first?.bytes, marks.count == claims.count else {
            throw StoreError(.corrupted, during: operation)
        }
        var owners = parts.dropFirst()
        return marks.map { mark in
            if mark == UInt8(ascii: "g") { return .granted }
            let bytes = owners.popFirst()?.bytes ?? []
            let those = bytes.numbers.map(MessageID.init(rawValue:))
            if mark == UInt8(ascii: "s"), let span = rules.span {
                return .overSpan(by: those, again: span.dayAgain(after: bytes.lastDay))
            }
            if mark == UInt8(ascii: "d"), let owner = those.first { return .duplicate(of: owner) }
            return .capped(by: those)
        }
    }

    package func refund(
        _ claims: [QuotaClaim],
        channel: Channel,
        span: QuotaSpan?
    ) async throws(StoreError) {
        guard !claims.isEmpty else { return }
        var packed: [UInt8] = []
        packed.reserveCapacity(claims.count * 16)
        for claim in claims {
            packed.append(number: claim.recipient.rawValue)
            packed.append(number: claim.owner.rawValue)
        }
        let arguments: [RedisArgument] = [.bytes(packed), span == nil ? "0" : "1"]
        _ = try await run(RedisQuotaScripts.refund, "refund quota", channel, arguments, span)
    }

    /// Notes the day: what is of days before it does not count any more, and goes by itself.
    package func prune(before day: Int) async throws(StoreError) -> Bool {
        do throws(RedisFailure) {
            _ = try await client.send(["SET", .text(prefix + "first"), .integer(Int64(day))])
            return false
        } catch { throw StoreError(redis: error, during: "prune quota") }
    }

    private func run(
        _ script: RedisScript,
        _ operation: String,
        _ channel: Channel,
        _ arguments: [RedisArgument],
        _ span: QuotaSpan?
    ) async throws(StoreError) -> RedisValue {
        let keys = [
            prefix + "\(channel.rawValue):", prefix + "first",
            prefix + "\(channel.rawValue):\(span?.type.rawValue ?? 0):",
        ]
        do throws(RedisFailure) {
            return try await client.eval(script, keys: keys, arguments: arguments)
        } catch {
            throw StoreError(redis: error, during: operation)
        }
    }
}

extension [UInt8] {
    /// Appends eight bytes, little-endian.
    fileprivate mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// The day behind the numbers, in four bytes.
    fileprivate var lastDay: Int {
        guard count >= 4 else { return 0 }
        return withUnsafeBytes {
            Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: $0.count - 4, as: UInt32.self)))
        }
    }

    /// The numbers that eight bytes each are.
    fileprivate var numbers: [Int64] {
        withUnsafeBytes { bytes in
            (0..<bytes.count / 8)
                .map { Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)) }
        }
    }
}
