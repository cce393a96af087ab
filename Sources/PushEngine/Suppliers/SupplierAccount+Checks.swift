import Groundwork

extension SupplierAccount {
    /// Refuses what no call could be signed or sent with.
    ///
    /// - Parameter form: what its supplier asks for.
    /// - Throws: `CatalogueFault.invalid` for the first field that makes no sense.
    package func check(against form: SupplierForm) throws(CatalogueFault) {
        // One that has its name from before this was looked at keeps it.
        let isKnown = id != AccountID(rawValue: 0)
        guard (1...64).contains(name.count), isKnown || name.isPlain && name == name.trimming() else {
            throw .invalid(
                field: "name",
                reason: "must have 1 to 64 characters, none of them invisible, and no blank around them"
            )
        }
        guard channel == form.channel else {
            throw .invalid(
                field: "sendChannel",
                reason: "must be \(form.channel.rawValue), the channel of \(kind.rawValue)"
            )
        }
        guard Self.isAddress(url, form.schemes) else {
            let schemes = form.schemes.joined(separator: " or ")
            throw .invalid(field: "url", reason: "must be an \(schemes) address")
        }
        for field in form.fields { try check(field) }
        let known = form.fields.filter { !$0.isSecret }.map(\.name)
        let knownSecrets = form.fields.filter(\.isSecret).map(\.name)
        let strange =
            config.values.keys.filter { !known.contains($0) }
            + config.secrets.keys.filter { !knownSecrets.contains($0) }
        if let name = strange.min() {
            let names = form.fields.map(\.name).joined(separator: ", ")
            throw .invalid(
                field: "config.\(name)",
                reason: "is not known to \(kind.rawValue); known are \(names)"
            )
        }
        try Self.check(weight: weight)
        try Self.check(weights: weights)
        try Self.check(callsPerSecond: callsPerSecond)
        try form.refuseUseless(self)
    }

    private func check(_ field: AccountField) throws(CatalogueFault) {
        let value = field.isSecret ? secret(field.name).reveal() : self[field.name]
        guard !value.isEmpty || !field.isRequired else {
            throw .invalid(field: "config.\(field.name)", reason: "must not be empty for \(kind.rawValue)")
        }
        guard value.utf8.count <= Self.valueLimit else {
            throw .invalid(
                field: "config.\(field.name)",
                reason: "must not be longer than \(Self.valueLimit) bytes"
            )
        }
        guard field.isSecret || value.isPlain else {
            throw .invalid(
                field: "config.\(field.name)",
                reason: "must have no line break and nothing invisible"
            )
        }
        guard value.isEmpty || field.choices.isEmpty || field.choices.contains(value) else {
            let choices = field.choices.joined(separator: ", ")
            throw .invalid(field: "config.\(field.name)", reason: "must be one of \(choices)")
        }
    }

    /// Private keys are the longest.
    private static let valueLimit = 16_384

    /// Refuses a share that is none.
    ///
    /// - Throws: `CatalogueFault.invalid`.
    package static func check(weight: Int, at field: String = "weight") throws(CatalogueFault) {
        guard (0...10_000).contains(weight) else {
            throw .invalid(field: field, reason: "must be from 0 to 10000")
        }
    }

    /// Refuses a rate that is none.
    ///
    /// - Throws: `CatalogueFault.invalid`.
    package static func check(callsPerSecond: Int?) throws(CatalogueFault) {
        guard callsPerSecond.map((1...100_000).contains) ?? true else {
            throw .invalid(
                field: "callsPerSecond",
                reason: "must be from 1 to 100000, or 0 for the supplier's own limit"
            )
        }
    }

    private static func isAddress(_ url: String, _ schemes: [String]) -> Bool {
        let scheme = schemes.map { $0 + "://" }.first { url.lowercased().hasPrefix($0) }
        guard let scheme else { return false }
        let host = url.dropFirst(scheme.count).prefix { $0 != "/" }
        return !host.isEmpty && host.first != ":" && !url.contains { $0.isWhitespace || $0 == "@" }
    }
}
