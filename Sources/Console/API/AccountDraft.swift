import Groundwork
import PushEngine

/// An account as a call describes it: in our words, or in those of austin.
struct AccountDraft {
    /// Where it is and what it is set up with.
    private typealias Settings = (url: String, given: AccountConfig, removed: Set<String>)

    let account: SupplierAccount
    let form: SupplierForm
    /// Whether there is one of its name.
    let isKnown: Bool
    /// What it was translated from; nil for one in our words.
    let translation: AustinTranslation?

    /// Reads a draft; a known account keeps what is not given.
    init(_ body: inout Input, among known: [SupplierAccount], _ forms: SupplierForms) throws {
        let name: String = try body.required("name")
        let translation = try Self.translation(&body, forms)
        let form = try translation?.form ?? Self.form(&body, forms)
        let before = known.first { $0.name == name }
        guard before.map({ $0.kind == form.kind }) ?? true else {
            throw CatalogueFault.conflict("there is an account of another kind with that name")
        }
        let settings: Settings =
            if let translation {
                (translation.url, translation.config, translation.removed)
            } else {
                try Self.settings(&body, of: form, before)
            }
        let account = SupplierAccount(
            id: before?.id ?? AccountID(rawValue: 0),
            name: name,
            kind: form.kind,
            channel: try body.optional("sendChannel") ?? form.channel,
            url: settings.url,
            config: settings.given,
            weight: try body.optional("weight") ?? before?.weight ?? 100,
            weights: try Self.weights(&body) ?? before?.weights ?? [:],
            callsPerSecond: Self.rate(try body.optional("callsPerSecond") ?? before?.callsPerSecond ?? 0),
            isEnabled: try body.optional("enabled") ?? before?.isEnabled ?? true
        )
        self.account = try Self.telling(translation) { () throws(CatalogueFault) in
            try account.keepingSecrets(of: before, except: settings.removed, at: form)
        }
        self.form = form
        isKnown = before != nil
        self.translation = translation
    }

    /// Refuses what no call could be signed or sent with.
    ///
    /// - Throws: `CatalogueFault.invalid` with the first field that makes no sense, in the words of the call.
    func check() throws(CatalogueFault) {
        try Self.telling(translation) { () throws(CatalogueFault) in try account.check(against: form) }
    }

    /// Shares by message type; those given take the place of all there were.
    static func weights(_ body: inout Input) throws -> [MessageType: Int]? {
        try body.object("weights") { input in
            var weights: [MessageType: Int] = [:]
            for type in MessageType.allCases { weights[type] = try input.optional(type.name) }
            return weights
        }
    }

    /// On the wire 0 stands for the supplier's own limit.
    static func rate(_ callsPerSecond: Int) -> Int? { callsPerSecond == 0 ? nil : callsPerSecond }

    private static func translation(_ body: inout Input, _ forms: SupplierForms) throws -> AustinTranslation?
    {
        guard let value = body.raw(AustinFields.name) else { return nil }
        return try AustinTranslation(value, on: body.required("sendChannel"), among: forms)
    }

    private static func form(_ body: inout Input, _ forms: SupplierForms) throws(InputFault) -> SupplierForm {
        let kind: SupplierKind = try body.required("kind")
        guard let form = forms[kind] else {
            let kinds = forms.all.map(\.kind.rawValue).joined(separator: ", ")
            throw InputFault(.outOfRange, field: "kind", "must be one of \(kinds)")
        }
        return form
    }

    private static func settings(
        _ body: inout Input,
        of form: SupplierForm,
        _ before: SupplierAccount?
    ) throws -> Settings {
        let (given, removed) =
            try body.object("config") { try config(&$0, of: form) }
            ?? (AccountConfig(before?.config.values ?? [:]), [])
        return (try body.optional("url") ?? before?.url ?? form.address, given, removed)
    }

    /// What a call gives of an account's settings, and which secrets it gives as empty.
    private static func config(
        _ input: inout Input,
        of form: SupplierForm
    ) throws(InputFault) -> (given: AccountConfig, removed: Set<String>) {
        var values: [String: String] = [:]
        var secrets: [String: Secret] = [:]
        for field in form.fields {
            let value: String? = try input.optional(field.name)
            if field.isSecret {
                secrets[field.name] = value.map { Secret($0) }
            } else {
                values[field.name] = value
            }
        }
        return (AccountConfig(values, secrets: secrets), Set(secrets.filter(\.value.isEmpty).keys))
    }

    /// What `body` makes; a fault is told in the words of what was translated.
    private static func telling<Result>(
        _ translation: AustinTranslation?,
        _ body: () throws(CatalogueFault) -> Result
    ) throws(CatalogueFault) -> Result {
        do { return try body() } catch { throw translation?.told(error) ?? error }
    }
}

extension AustinTranslation {
    /// What became of each field.
    var json: WireValue {
        .list(
            steps.map { step in
                .object(["field": .text(step.field), "became": step.became.map(WireValue.text) ?? .null])
            }
        )
    }
}
