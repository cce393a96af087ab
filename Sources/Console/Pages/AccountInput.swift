import Groundwork
import PushEngine

/// What somebody typed into the form of an account.
struct AccountInput: Sendable {
    let form: SupplierForm
    private let texts: [String: String]

    init(_ texts: [String: String], at form: SupplierForm, of account: SupplierAccount?) {
        self.form = form
        self.texts = texts
    }

    /// The text under a name of the page, without blanks around it.
    func text(_ name: String) -> String { (texts[name] ?? "").trimmingSpaces }

    /// The name that a field has on the page.
    static func name(of field: AccountField) -> String { "field-\(field.name)" }

    /// The name that a share has on the page.
    static func name(of type: MessageType) -> String { "weight-\(type.name)" }

    /// The account that it describes; secrets that were not typed in are those of the account before.
    ///
    /// - Throws: `CatalogueFault.invalid` for the first field that makes no sense, or is missing since others changed.
    func account(of before: SupplierAccount?) throws(CatalogueFault) -> SupplierAccount {
        var values: [String: String] = [:]
        var secrets: [String: Secret] = [:]
        var removed: Set<String> = []
        for field in form.fields {
            let name = Self.name(of: field)
            if !field.isSecret {
                values[field.name] = text(name)
            } else if !text(name).isEmpty {
                secrets[field.name] = Secret(text(name))
            } else if texts["remove-\(field.name)"] != nil {
                removed.insert(field.name)
            }
        }
        var weights: [MessageType: Int] = [:]
        for type in MessageType.allCases { weights[type] = try number(Self.name(of: type)) }
        let address = text("url")
        let account = try SupplierAccount(
            id: before?.id ?? AccountID(rawValue: 0),
            name: before?.name ?? text("name"),
            kind: form.kind,
            channel: form.channel,
            url: address.isEmpty ? form.address : address,
            config: AccountConfig(values, secrets: secrets),
            weight: try number("weight") ?? 100,
            weights: weights,
            callsPerSecond: try number("rate"),
            isEnabled: before?.isEnabled ?? true
        )
        .keepingSecrets(of: before, except: removed, at: form)
        try account.check(against: form)
        return account
    }

    /// The number under a name of the page; nil when nothing stands there.
    private func number(_ name: String) throws(CatalogueFault) -> Int? {
        guard !text(name).isEmpty else { return nil }
        guard let number = Int(text(name)) else {
            throw .invalid(field: name, reason: "must be a whole number")
        }
        return number
    }
}
