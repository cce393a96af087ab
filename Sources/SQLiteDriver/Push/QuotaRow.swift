import Groundwork
import PushEngine

/// What one recipient was sent on one channel lately: on the day that is counted, and before it as far as the
/// same text would still be a repeat.
struct QuotaRow: Equatable {
    /// One reservation.
    struct Entry: Equatable {
        let content: UInt64
        let at: Int64
        let owner: Int64

        /// How many bytes one takes in a column.
        static let width = 24
    }

    private(set) var day: Int
    /// How many entries at the front are of days before `day`.
    private(set) var earlier: Int
    private(set) var entries: [Entry]

    /// A recipient that nothing is known of.
    init(day: Int) {
        self.day = day
        earlier = 0
        entries = []
    }

    init(day: Int, earlier: Int, entries: [Entry]) {
        self.day = day
        self.earlier = earlier
        self.entries = entries
    }

    /// How many messages count for the day.
    var count: Int { entries.count - earlier }

    /// Makes `day` the day that is counted, and forgets what no rule looks at.
    ///
    /// A day before the one that is counted is taken for it: a recipient's days only go on.
    mutating func turn(to day: Int, rules: QuotaRules, now: Moment) {
        if day > self.day {
            self.day = day
            earlier = entries.count
        }
        let start = rules.perDay > 0 ? earlier : entries.count
        guard start > 0 else { return }
        let recent = now.millisecondsSinceEpoch - rules.contentWindow.wholeMilliseconds
        let old = entries[..<start].count { $0.at <= recent }
        guard old > 0 else { return }
        let earlierLeft = entries[..<earlier].count { $0.at > recent }
        entries = entries[..<start].filter { $0.at > recent } + entries[start...]
        earlier = earlierLeft
    }

    /// Judges a claim, and counts it when it is granted; true in the second place when that changed the row.
    mutating func judge(_ claim: QuotaClaim, rules: QuotaRules, now: Moment) -> (QuotaVerdict, Bool) {
        let owner = claim.owner.rawValue
        if entries.contains(where: { $0.owner == owner }) { return (.granted, false) }
        let window = rules.contentWindow.wholeMilliseconds
        if window > 0, let repeated = repeated(claim.content, within: window, of: now) {
            return (.duplicate(of: repeated), false)
        }
        if rules.perDay > 0, count >= rules.perDay {
            return (.capped(by: entries[earlier...].map { MessageID(rawValue: $0.owner) }), false)
        }
        entries.append(Entry(content: claim.content, at: now.millisecondsSinceEpoch, owner: owner))
        return (.granted, true)
    }

    func has(_ owner: MessageID) -> Bool { entries.contains { $0.owner == owner.rawValue } }

    mutating func append(_ entry: Entry, until day: Int) {
        self.day = day
        entries.append(entry)
    }

    mutating func forget(_ isOld: (Entry) -> Bool) { entries.removeAll(where: isOld) }

    /// Takes an owner's reservation back; false when it has none.
    mutating func refund(_ owner: MessageID) -> Bool {
        guard let place = entries.firstIndex(where: { $0.owner == owner.rawValue }) else { return false }
        entries.remove(at: place)
        if place < earlier { earlier -= 1 }
        return true
    }

    private func repeated(_ content: UInt64, within window: Int64, of now: Moment) -> MessageID? {
        let recent = now.millisecondsSinceEpoch - window
        let same = entries.last { $0.content == content && $0.at > recent }
        return same.map { MessageID(rawValue: $0.owner) }
    }
}

extension QuotaRow {
    /// Reads the entries from the bytes of a column: text, time and owner of each, 8 bytes each,
    /// little-endian.
    init(day: Int, earlier: Int, stored bytes: UnsafeRawBufferPointer) throws(StoreError) {
        let count = bytes.count / Entry.width
        guard bytes.count == count * Entry.width, 0...count ~= earlier else {
            throw StoreError(.corrupted, during: "read quota")
        }
        func number<Number: FixedWidthInteger>(at offset: Int) -> Number {
            Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
        }
        let entries = (0..<count)
            .map { place in
                Entry(
                    content: number(at: place * Entry.width),
                    at: number(at: place * Entry.width + 8),
                    owner: number(at: place * Entry.width + 16)
                )
            }
        self.init(day: day, earlier: earlier, entries: entries)
    }

    /// Writes the entries in place of what `bytes` holds.
    func store(in bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        for entry in entries {
            withUnsafeBytes(of: entry.content.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: entry.at.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: entry.owner.littleEndian) { bytes.append(contentsOf: $0) }
        }
    }
}

extension Channel {
    /// The row of a recipient on this channel.
    ///
    /// Channels are numbered in tens up to 150, so four bits hold one. A phone number has at most 15 digits,
    /// which is less than 2^50: the channel stands above it. A hash gives its four highest bits up for the
    /// channel; two addresses of forty million share what is left with a chance of a thousandth, and would
    /// then share a count.
    ///
    /// What several days count for a type has a row of its own: the type stands below the channel.
    func quotaKey(_ recipient: RecipientKey, _ type: MessageType? = nil) -> Int64 {
        let code = Int64(rawValue / 10)
        let kind = Int64((type?.rawValue ?? 0) / 10)
        if recipient.rawValue >= 0 { return code << 56 | kind << 52 | recipient.rawValue }
        guard kind > 0 else { return Int64.min | code << 59 | recipient.rawValue & (1 << 59 - 1) }
        return Int64.min | code << 59 | kind << 56 | recipient.rawValue & (1 << 56 - 1)
    }
}
