import Groundwork

/// What an act changed: the members of an object that are others than before.
struct AuditChange: Hashable, Sendable {
    let before: WireObject?
    let after: WireObject?

    /// The longest text that is kept whole, in characters.
    private static let textLimit = 500

    /// Compares two looks at a thing.
    ///
    /// - Parameters:
    ///   - old: how it was; nil where there was nothing.
    ///   - new: how it is; nil where nothing is left.
    ///   - facts: what else is told of the act.
    init(from old: WireObject?, to new: WireObject?, facts: WireObject) {
        var (was, isNow) = (old, new)
        if let old, let new {
            was = Self.members(of: old) { new[$0] != $1 }
            isNow = Self.members(of: new) { old[$0] != $1 }
        }
        if !facts.members.isEmpty {
            var told = isNow ?? WireObject()
            for fact in facts.members { told.append(fact.key, fact.value) }
            isNow = told
        }
        before = was.flatMap(Self.shortened)
        after = isNow.flatMap(Self.shortened)
    }

    private static func members(
        of object: WireObject,
        _ isWanted: (String, WireValue) -> Bool
    ) -> WireObject {
        var some = WireObject()
        for member in object.members where isWanted(member.key, member.value) {
            some.append(member.key, member.value)
        }
        return some
    }

    /// The object without what makes it long; nil when there is nothing in it.
    private static func shortened(_ object: WireObject) -> WireObject? {
        var short = WireObject()
        for member in object.members { short.append(member.key, shortened(member.value)) }
        return short.members.isEmpty ? nil : short
    }

    private static func shortened(_ value: WireValue) -> WireValue {
        switch value {
        case .text(let text) where text.count > textLimit:
            .text("\(text.prefix(textLimit))… (\(text.utf8.count) bytes)")
        case .list(let values): .list(values.map(shortened))
        case .object(let object): .object(shortened(object) ?? WireObject())
        case .null, .bool, .integer, .number, .text: value
        }
    }
}
