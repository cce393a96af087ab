/// How a call ended for each of its members, as the bytes of one column; any one can be read without the
/// others.
///
/// The bytes: the number of members (4), a kind for each (1), a charge for each (4), where each text ends
/// (4), and the texts. Numbers are little-endian. A text is a reference, a code or a detail, by the kind.
package struct CallAnswers: Sendable {
    private enum Kind: UInt8 {
        case accepted = 1
        case failed = 2
        case again = 3
        case unknown = 4
        case sent = 5
    }

    private let bytes: [UInt8]

    package init(stored bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The bytes of results in the order of the call's members.
    package static func encode(_ results: [CallResult]) -> [UInt8] {
        var kinds: [UInt8] = []
        var charges: [UInt8] = []
        var ends: [UInt8] = []
        var texts: [UInt8] = []
        kinds.reserveCapacity(results.count)
        charges.reserveCapacity(results.count * 4)
        ends.reserveCapacity(results.count * 4)
        for result in results {
            let (kind, charge, text): (Kind, Int, String) =
                switch result {
                case .accepted(let reference, let charge): (.accepted, charge, reference)
                case .sent(let reference, let charge): (.sent, charge, reference)
                case .failed(let code): (.failed, 0, code)
                case .again(let code): (.again, 0, code)
                case .unknown(let detail): (.unknown, 0, detail)
                }
            kinds.append(kind.rawValue)
            append(UInt32(clamping: charge), to: &charges)
            texts.append(contentsOf: text.utf8)
            append(UInt32(texts.count), to: &ends)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + results.count * 9 + texts.count)
        append(UInt32(results.count), to: &bytes)
        return bytes + kinds + charges + ends + texts
    }

    /// What the call did to the member at `place` among its members; nil when the bytes do not say.
    package subscript(place: Int) -> CallResult? {
        guard let count = number(at: 0), place >= 0, place < count,
            let kind = Kind(rawValue: bytes[4 + place]),
            let charge = number(at: 4 + count + place * 4),
            let end = number(at: 4 + count * 5 + place * 4),
            let start = place == 0 ? 0 : number(at: 4 + count * 5 + (place - 1) * 4)
        else { return nil }
        let texts = 4 + count * 9
        guard start <= end, texts + end <= bytes.count else { return nil }
        let text = String(decoding: bytes[(texts + start)..<(texts + end)], as: UTF8.self)
        return switch kind {
        case .accepted: .accepted(reference: text, charge: charge)
        case .sent: .sent(reference: text, charge: charge)
        case .failed: .failed(code: text)
        case .again: .again(code: text)
        case .unknown: .unknown(detail: text)
        }
    }

    private func number(at offset: Int) -> Int? {
        guard offset + 4 <= bytes.count else { return nil }
        let number = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        return Int(UInt32(littleEndian: number))
    }

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
