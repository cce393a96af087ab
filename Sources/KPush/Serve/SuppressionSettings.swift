import PushEngine

/// Who may get messages, and how often.
struct SuppressionSettings: Sendable {
    /// Whether only those on the allow-list get messages.
    var isAllowListOn = false
    /// How many messages of a type somebody may get in several days.
    var spans: [MessageType: QuotaSpan] = [:]

    init() {}

    /// Reads the settings.
    ///
    /// - Throws: `SettingsError` that names the first that has no usable value.
    init(_ reader: SettingsReader) throws(SettingsError) {
        isAllowListOn = try reader.flag("suppression.allow-list") ?? isAllowListOn
        for rule in try reader.list("suppression.spans") ?? [] {
            guard let span = QuotaSpan(rule) else {
                let types = MessageType.allCases.map(\.name).joined(separator: ", ")
                throw SettingsError(
                    "suppression.spans",
                    "is rules such as marketing=3/7d, of \(types) and 1 to \(QuotaSpan.mostDays) days, not \(rule)"
                )
            }
            spans[span.type] = span
        }
    }

    /// The rules of repeats and caps by type.
    var quotaRules: [MessageType: QuotaRules] {
        Dictionary(uniqueKeysWithValues: MessageType.allCases.map { ($0, QuotaRules(span: spans[$0])) })
    }
}

extension QuotaSpan {
    /// Reads a rule such as `marketing=3/7d`; nil when it is none.
    init?(_ text: String) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let type = MessageType.allCases.first(where: { $0.name == parts[0] }) else {
            return nil
        }
        let numbers = parts[1].split(separator: "/", omittingEmptySubsequences: false)
        guard numbers.count == 2, let limit = Int(numbers[0]), numbers[1].hasSuffix("d"),
            let days = Int(numbers[1].dropLast())
        else { return nil }
        self.init(type, limit: limit, days: days)
    }
}
