package import Groundwork

/// What an account is set up with: values and secrets under the names that its supplier's form gives them.
package struct AccountConfig: Hashable, Sendable {
    /// What anybody may see who may see the account; none is empty.
    package private(set) var values: [String: String]
    /// What nobody sees again; none is empty.
    package private(set) var secrets: [String: Secret]
    /// Whether there are secrets that cannot be opened, because they were sealed with another installation's key: they
    /// must be given again.
    package private(set) var isLocked = false

    /// Makes a configuration; what is empty counts as not given.
    package init(_ values: [String: String] = [:], secrets: [String: Secret] = [:]) {
        self.values = values.filter { !$0.value.isEmpty }
        self.secrets = secrets.filter { !$0.value.isEmpty }
    }
}

extension AccountConfig {
    /// The values as a JSON text, for the store.
    package var storedValues: String {
        var object = WireObject()
        for (name, value) in values.sorted(by: { $0.key < $1.key }) { object.append(name, .text(value)) }
        return String(decoding: WireValue.object(object).json, as: UTF8.self)
    }

    /// The secrets as one, to be sealed for the store.
    package var storedSecrets: Secret {
        var object = WireObject()
        for (name, secret) in secrets.sorted(by: { $0.key < $1.key }) {
            object.append(name, .text(secret.reveal()))
        }
        return Secret(String(decoding: WireValue.object(object).json, as: UTF8.self))
    }

    /// Reads what was stored.
    ///
    /// - Parameters:
    ///   - values: the JSON text of the values.
    ///   - secrets: the secrets as one, opened; nil when they cannot be opened.
    ///   - kind: whose they are.
    /// - Throws: `PayloadError.inconsistent` when the texts are not what `storedValues` and `storedSecrets` give.
    package init(storedValues values: String, secrets: Secret?, of kind: SupplierKind) throws(PayloadError) {
        self.init(
            try Self.texts(values, "values"),
            secrets: try secrets.map { opened throws(PayloadError) in try Self.secrets(opened, of: kind) }
                ?? [:]
        )
        isLocked = secrets == nil
    }

    private static func secrets(
        _ opened: Secret,
        of kind: SupplierKind
    ) throws(PayloadError) -> [String: Secret] {
        let text = opened.reveal()
        // Before accounts had forms, each had one secret, which stands alone; no such one began with a brace.
        guard text.isEmpty || text.hasPrefix("{") else {
            return [kind.rawValue == "aliyun" ? "accessKeySecret" : "secretKey": opened]
        }
        return try texts(text.isEmpty ? "{}" : text, "secrets").mapValues { Secret($0) }
    }

    private static func texts(_ json: String, _ what: String) throws(PayloadError) -> [String: String] {
        guard let object = (try? WireValue(json: json.utf8))?.object else {
            throw .inconsistent("an account's \(what)")
        }
        var texts: [String: String] = [:]
        for member in object.members {
            guard case .text(let text) = member.value else { throw .inconsistent("an account's \(what)") }
            texts[member.key] = text
        }
        return texts
    }
}
