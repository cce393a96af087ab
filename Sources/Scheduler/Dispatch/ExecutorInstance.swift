package import Groundwork

/// The base URL under which one executor is called, without a trailing slash; or the name under which one that nobody can
/// call fetches its runs.
package struct ExecutorAddress: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let url: String

    /// What begins the address of an executor that fetches its runs; a name of 1 to 64 letters, digits and dashes follows.
    package static let pulledScheme = "kpush-pull://"

    /// Whether the executor fetches its runs: it calls, and is never called.
    package var isPulled: Bool { url.hasPrefix(Self.pulledScheme) }

    /// Reads the address of an executor that fetches its runs; nil unless it is one.
    package init?(pulled text: String) {
        let name = text.dropFirst(Self.pulledScheme.count)
        guard text.hasPrefix(Self.pulledScheme), (1...64).contains(name.utf8.count),
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { return nil }
        url = text
    }

    /// Reads what an executor registered; nil unless it is an absolute http or https URL without user, query
    /// or fragment.
    package init?(_ text: String) {
        var url = Substring(text.trimmingBlanks)
        while url.last == "/" { url.removeLast() }
        let lowered = url.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lowered.hasPrefix) else { return nil }
        let rest = url.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" }
        guard !host.isEmpty, host.first != ":", !rest.contains(where: Self.isForbidden) else { return nil }
        self.url = scheme + host.lowercased() + rest.dropFirst(host.count)
    }

    /// Takes an address that the store holds.
    package init(stored url: String) {
        self.url = url
    }

    package var description: String { url }

    package static func < (left: ExecutorAddress, right: ExecutorAddress) -> Bool { left.url < right.url }

    private static func isForbidden(_ character: Character) -> Bool {
        character.isWhitespace || character.isNewline || "@?#\\\"<>".contains(character)
    }
}

/// Which of the two words for "run this" an executor understands.
package enum ExecutorDialect: String, Hashable, Sendable {
    /// `/run`: every released generation.
    case run
    /// `/trigger`: the generation to come.
    case trigger

    /// The other word.
    package var other: ExecutorDialect { self == .run ? .trigger : .run }
}

/// How it is known that a group has an executor.
package enum ExecutorPlace: String, Hashable, Sendable {
    /// It registered.
    case registered
    /// Somebody wrote its address down: it counts as living whether it is heard or not.
    case manual
    /// It registered, but somebody wrote down which addresses the group has, and this is none of them.
    case passedOver = "passed_over"
}

/// One process that runs the jobs of a group.
package struct ExecutorInstance: Hashable, Sendable {
    /// The app name it registered under.
    package let group: String
    package let address: ExecutorAddress
    /// The address as it registered it; xxl-job hashes that one, with a trailing slash where there was one.
    package let spelling: String
    /// New at each start of the process; nil when the executor does not say.
    package let instance: String?
    package let dialect: ExecutorDialect
    /// When this process, as far as can be told, registered first.
    package let since: Moment
    /// When it last beat, or signed off.
    package let lastSeenAt: Moment
    /// Whether it signed off: it gets no further run.
    package let hasLeft: Bool
    /// What the record of its group says of it.
    package internal(set) var place = ExecutorPlace.registered
    /// Whether it was ever heard; where it was not, its instants are those of its group's record.
    package internal(set) var isHeard = true
    /// What is shown to it.
    package internal(set) var token = GroupToken.shared
    /// How many runs it holds at most, when it fetches them; nil when it does not say.
    package let capacity: Int?

    package init(
        group: String,
        address: ExecutorAddress,
        spelling: String? = nil,
        instance: String?,
        dialect: ExecutorDialect,
        since: Moment,
        lastSeenAt: Moment,
        hasLeft: Bool = false,
        capacity: Int? = nil
    ) {
        self.group = group
        self.address = address
        self.spelling = spelling ?? address.url
        self.instance = instance
        self.dialect = dialect
        self.since = since
        self.lastSeenAt = lastSeenAt
        self.hasLeft = hasLeft
        self.capacity = capacity
    }

    /// How long after its last beat an executor counts as living.
    ///
    /// Three beats of 30 s; also some clients beat only once a minute, so less would make them flap.
    package static let silenceLimit = Duration.seconds(90)

    /// Whether it may get runs at `now`.
    package func isAlive(at now: Moment) -> Bool {
        switch place {
        case .registered: !hasLeft && !isSilent(at: now)
        case .manual: true
        case .passedOver: false
        }
    }

    /// Whether nothing was heard of it for so long that its runs are lost; never one that need not be heard.
    ///
    /// - Parameters:
    ///   - now: the present instant.
    ///   - start: since when somebody has listened: what was not heard before tells nothing.
    /// - Returns: true when it was silent for `silenceLimit`.
    package func isSilent(at now: Moment, listenedSince start: Moment? = nil) -> Bool {
        place != .manual && now - max(lastSeenAt, start ?? lastSeenAt) >= Self.silenceLimit
    }
}

/// What a call says of the executor that makes it.
package struct ExecutorBeat: Hashable, Sendable {
    package var group: String
    package var address: ExecutorAddress
    /// The address as the executor spells it.
    package var spelling: String
    package var instance: String?
    package var dialect: ExecutorDialect
    /// How many runs it holds at most, when it fetches them.
    package var capacity: Int?

    package init(
        group: String,
        address: ExecutorAddress,
        spelling: String? = nil,
        instance: String? = nil,
        dialect: ExecutorDialect = .run,
        capacity: Int? = nil
    ) {
        self.group = group
        self.address = address
        self.spelling = spelling ?? address.url
        self.instance = instance
        self.dialect = dialect
        self.capacity = capacity
    }
}

extension StringProtocol {
    /// The text without blanks at its ends.
    var trimmingBlanks: String {
        let tail = drop { $0.isWhitespace }
        guard let end = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(tail[...end])
    }
}
