import Groundwork
import PushEngine

/// Where one member of a batch stands.
struct Standing: Hashable, Sendable {
    var state: DeliveryState
    /// The account that has or had it; nil while none.
    var account: AccountID?
    /// Message units charged.
    var charge: Int
    var changedAt: Moment
}

/// Where all members of a batch stand: one value of the batch's row.
///
/// As bytes it is the few ways in which members stand, and then stretches of neighbours that stand alike: members
/// mostly move together, so that a batch of which all were accepted in one call takes a dozen bytes, and one whose
/// neighbours went to two suppliers in turn two bytes a member.
struct Standings: Sendable {
    /// By place; nil where the batch has no member, because its recipient was there before.
    private(set) var members: [Standing?]

    /// Members that all stand alike, without those at `gaps`.
    init(_ standing: Standing, count: Int, without gaps: [Int] = []) {
        members = Array(repeating: standing, count: count)
        for gap in gaps { members[gap] = nil }
    }

    /// Members as they stand, by place.
    init(_ members: [Standing?]) {
        self.members = members
    }

    subscript(place: Int) -> Standing? {
        get { members.indices.contains(place) ? members[place] : nil }
        set { members[place] = newValue }
    }

    /// The places of members in a state, ascending.
    func places(in state: DeliveryState) -> [Int] {
        members.indices.filter { members[$0]?.state == state }
    }

    func count(in state: DeliveryState) -> Int {
        members.count { $0?.state == state }
    }

    // MARK: Bytes

    private static let version: UInt8 = 2

    /// The bytes; instants are written as their distance from `start`.
    func encoded(from start: Moment) -> [UInt8] {
        var numbers: [Standing: Int] = [:]
        var kinds: [UInt8] = []
        var stretches: [UInt8] = []
        stretches.reserveCapacity(members.count)
        var place = 0
        while place < members.count {
            let member = members[place]
            var end = place + 1
            while end < members.count, members[end] == member { end += 1 }
            stretches.append(varint: UInt64(end - place))
            place = end
            guard let member else {
                stretches.append(0)
                continue
            }
            if let number = numbers[member] {
                stretches.append(varint: UInt64(number))
            } else {
                numbers[member] = numbers.count + 1
                stretches.append(varint: UInt64(numbers.count))
                kinds.append(kind: member, from: start)
            }
        }
        var bytes = [Self.version]
        bytes.append(varint: UInt64(numbers.count))
        return bytes + kinds + stretches
    }

    /// Reads what `encoded` wrote.
    init(stored bytes: UnsafeRawBufferPointer, from start: Moment) throws(StoreError) {
        var reader = VarintReader(bytes)
        guard reader.byte() == Self.version else { throw Self.corrupted("version") }
        // Nobody is the first kind.
        var kinds: [Standing?] = [nil]
        for _ in 0..<min(reader.varint() ?? 0, UInt64(BatchID.capacity)) {
            guard let kind = reader.kind(from: start) else { throw Self.corrupted("kind") }
            kinds.append(kind)
        }
        var members: [Standing?] = []
        while !reader.isAtEnd {
            let count = Int(truncatingIfNeeded: reader.varint() ?? 0)
            guard let number = reader.varint(), number < UInt64(kinds.count),
                count >= 1, count <= BatchID.capacity - members.count
            else { throw Self.corrupted("stretch") }
            members.append(contentsOf: repeatElement(kinds[Int(number)], count: count))
        }
        self.members = members
    }

    private static func corrupted(_ what: String) -> StoreError {
        StoreError(.corrupted, during: "read standings", detail: what)
    }
}

/// Reads bytes and numbers of variable length.
private struct VarintReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset >= bytes.count }

    mutating func byte() -> UInt8? {
        guard offset < bytes.count else { return nil }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// A way to stand, as `append(kind:from:)` wrote it.
    mutating func kind(from start: Moment) -> Standing? {
        guard let state = byte().flatMap({ DeliveryState(rawValue: Int($0)) }), let account = varint(),
            let charge = varint(), let distance = varint()
        else { return nil }
        let instant = Int64(bitPattern: distance >> 1) ^ -Int64(bitPattern: distance & 1)
        return Standing(
            state: state,
            account: account == 0 ? nil : AccountID(rawValue: Int64(bitPattern: account)),
            charge: Int(truncatingIfNeeded: charge),
            changedAt: Moment(millisecondsSinceEpoch: start.millisecondsSinceEpoch + instant)
        )
    }

    mutating func varint() -> UInt64? {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = byte(), shift < 64 {
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
            shift += 7
        }
        return nil
    }
}

extension [UInt8] {
    /// Appends a way to stand.
    fileprivate mutating func append(kind standing: Standing, from start: Moment) {
        append(UInt8(standing.state.rawValue))
        append(varint: UInt64(bitPattern: standing.account?.rawValue ?? 0))
        append(varint: UInt64(Swift.max(0, standing.charge)))
        let distance = standing.changedAt.millisecondsSinceEpoch - start.millisecondsSinceEpoch
        append(varint: UInt64(bitPattern: distance << 1 ^ distance >> 63))
    }

    /// Appends a number in as few bytes as it needs, seven bits each.
    fileprivate mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}
