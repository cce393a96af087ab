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
/// As bytes it is stretches of neighbours that stand alike, because members mostly move together: a batch of which
/// all were accepted in one call takes a dozen bytes.
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

    private static let version: UInt8 = 1

    /// The bytes; instants are written as their distance from `start`.
    func encoded(from start: Moment) -> [UInt8] {
        var bytes = [Self.version]
        var place = 0
        while place < members.count {
            var end = place + 1
            while end < members.count, members[end] == members[place] { end += 1 }
            bytes.append(varint: UInt64(end - place))
            if let member = members[place] {
                bytes.append(UInt8(member.state.rawValue))
                bytes.append(varint: UInt64(bitPattern: member.account?.rawValue ?? 0))
                bytes.append(varint: UInt64(max(0, member.charge)))
                let distance = member.changedAt.millisecondsSinceEpoch - start.millisecondsSinceEpoch
                bytes.append(varint: UInt64(bitPattern: distance << 1 ^ distance >> 63))
            } else {
                bytes.append(0)
            }
            place = end
        }
        return bytes
    }

    /// Reads what `encoded` wrote.
    init(stored bytes: UnsafeRawBufferPointer, from start: Moment) throws(StoreError) {
        var reader = VarintReader(bytes)
        var members: [Standing?] = []
        guard reader.byte() == Self.version else { throw Self.corrupted("version") }
        while !reader.isAtEnd {
            let count = Int(truncatingIfNeeded: reader.varint() ?? 0)
            guard let state = reader.byte(), 1...(BatchID.capacity - members.count) ~= count else {
                throw Self.corrupted("stretch")
            }
            if state == 0 {
                members.append(contentsOf: repeatElement(Standing?.none, count: count))
                continue
            }
            guard let state = DeliveryState(rawValue: Int(state)), let account = reader.varint(),
                let charge = reader.varint(), let distance = reader.varint()
            else { throw Self.corrupted("member") }
            let instant = Int64(bitPattern: distance >> 1) ^ -Int64(bitPattern: distance & 1)
            let standing = Standing(
                state: state,
                account: account == 0 ? nil : AccountID(rawValue: Int64(bitPattern: account)),
                charge: Int(truncatingIfNeeded: charge),
                changedAt: Moment(millisecondsSinceEpoch: start.millisecondsSinceEpoch + instant)
            )
            members.append(contentsOf: repeatElement(Optional(standing), count: count))
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
