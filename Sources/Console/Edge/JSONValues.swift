import Groundwork
import PushEngine

extension WireValue {
    /// An instant as ISO 8601 in UTC, always with milliseconds; null for nil.
    static func instant(_ moment: Moment?) -> WireValue {
        moment.map { .text($0.iso8601) } ?? .null
    }

    /// A whole number; null for nil.
    static func number(_ number: (some BinaryInteger)?) -> WireValue {
        number.map { .integer(Int64(clamping: $0)) } ?? .null
    }

    /// The number of an identity that counts from 1; null for nil.
    static func id(_ id: (some InputIdentity)?) -> WireValue {
        id.map { .integer($0.rawValue) } ?? .null
    }

    /// An identity that needs all of its 64 bits, as its digits: many readers of JSON count no further than 2⁵³.
    static func digits(_ number: Int64) -> WireValue { .text(String(number)) }

    /// Strings.
    static func texts(_ texts: some Sequence<String>) -> WireValue { .list(texts.map(WireValue.text)) }

    /// Objects.
    static func objects(_ objects: some Sequence<WireObject>) -> WireValue {
        .list(objects.map(WireValue.object))
    }

    /// How many messages are in each state, by the state's word.
    static func counts(_ states: [DeliveryState: Int]) -> WireValue {
        counts(states.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key.name, $0.value) })
    }

    /// How many there are of each code.
    static func counts(_ codes: [String: Int]) -> WireValue {
        counts(codes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    private static func counts(_ pairs: [(String, Int)]) -> WireValue {
        var object = WireObject()
        for (name, count) in pairs { object.append(name, .number(count)) }
        return .object(object)
    }
}

extension Moment {
    /// The instant in UTC, such as `2030-01-15T04:00:00.000Z`.
    var iso8601: String {
        let milliseconds = String(millisecondsSinceEpoch - secondsSinceEpoch * 1_000)
        let padding = String(repeating: "0", count: 3 - milliseconds.count)
        return "\(CivilTime(self, offset: .zero).iso8601.dropLast()).\(padding)\(milliseconds)Z"
    }
}
