import Groundwork

extension SupplierAccount {
    /// Refuses what no call could be signed or sent with.
    ///
    /// - Throws: `CatalogueFault.invalid` for the first field that makes no sense.
    package func check() throws(CatalogueFault) {
        guard (1...64).contains(name.count), !name.contains(where: \.isNewline) else {
            throw .invalid(field: "name", reason: "must have 1 to 64 characters and no line break")
        }
        guard channel == .sms else {
            throw .invalid(field: "sendChannel", reason: "must be 30: SMS is the only channel so far")
        }
        guard Self.isAddress(url) else {
            throw .invalid(field: "url", reason: "must be an http or https address")
        }
        let needed = [
            ("accessKey", accessKey), ("secretKey", secretKey.isEmpty ? "" : "given"), ("signName", signName),
            ("templateId", templateID), ("appId", kind == .tencent ? appID : "unused"),
        ]
        for (field, value) in needed where value.isEmpty {
            throw .invalid(field: field, reason: "must not be empty for \(kind.rawValue)")
        }
        try Self.check(weight: weight)
        try Self.check(callsPerSecond: callsPerSecond)
    }

    /// Refuses a share that is none.
    ///
    /// - Throws: `CatalogueFault.invalid`.
    package static func check(weight: Int) throws(CatalogueFault) {
        guard (0...10_000).contains(weight) else {
            throw .invalid(field: "weight", reason: "must be from 0 to 10000")
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

    private static func isAddress(_ url: String) -> Bool {
        let scheme = ["http://", "https://"].first { url.lowercased().hasPrefix($0) }
        guard let scheme else { return false }
        let host = url.dropFirst(scheme.count).prefix { $0 != "/" }
        return !host.isEmpty && host.first != ":" && !url.contains { $0.isWhitespace || $0 == "@" }
    }
}
