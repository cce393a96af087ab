package import Groundwork

/// An account of austin's, in our words.
package struct AustinTranslation: Sendable {
    /// What became of one field.
    package struct Step: Hashable, Sendable {
        /// Its name there.
        package let field: String
        /// `url`, `kind`, or `config.` and the name of a setting; nil for one that has no effect here.
        package let became: String?
    }

    package let form: SupplierForm
    package let url: String
    package let config: AccountConfig
    /// Secrets that the account must not keep which takes this for its settings.
    package let removed: Set<String>
    /// What became of each field, in the order in which they came.
    package let steps: [Step]

    /// Translates an account.
    ///
    /// - Parameters:
    ///   - value: what austin keeps as its `account_config`: a JSON object, or the text of one.
    ///   - channel: its channel.
    ///   - forms: the suppliers that are known here.
    /// - Throws: `CatalogueFault.invalid` with the first field that cannot be translated.
    package init(
        _ value: WireValue,
        on channel: Channel,
        among forms: SupplierForms
    ) throws(CatalogueFault) {
        var fields = try AustinFields(value)
        form = try Self.form(of: &fields, on: channel, among: forms)
        try form.austin?.read(&fields)
        try fields.finish(at: form)
        let secrets = Set(form.fields.filter(\.isSecret).map(\.name))
        let settings = fields.settings
        url = fields.url ?? form.address
        config = AccountConfig(
            settings.filter { !secrets.contains($0.key) },
            secrets: settings.filter { secrets.contains($0.key) }.mapValues { Secret($0) }
        )
        removed = fields.removed
        steps = fields.steps
    }

    /// Says what is wrong with the account in the words that it was translated from.
    package func told(_ fault: CatalogueFault) -> CatalogueFault {
        guard case .invalid(let field, let reason) = fault, field == "url" || field.hasPrefix("config.")
        else { return fault }
        let name = steps.first { $0.became == field }?.field ?? field.replacing("config.", with: "")
        return AustinFields.fault(name, reason)
    }

    /// The supplier, which austin tells from others of a channel by its script, and where that is not given by its number
    /// or its name.
    private static func form(
        of fields: inout AustinFields,
        on channel: Channel,
        among forms: SupplierForms
    ) throws(CatalogueFault) -> SupplierForm {
        let known = forms.all.filter { $0.channel == channel && $0.austin != nil }
        guard let first = known.first else {
            let channels = forms.austinChannels.map { "\($0.rawValue)" }.joined(separator: ", ")
            let reason = "has no supplier here that austin has; those of \(channels) have one"
            throw .invalid(field: "sendChannel", reason: reason)
        }
        var named: (field: String, name: String)?
        for field in ["scriptName", "supplierId", "supplierName"] {
            guard let name = fields.text(field, as: "kind") else { continue }
            if named == nil { named = (field, name) }
        }
        guard known.count > 1 else { return first }
        guard let named else {
            throw AustinFields.fault("scriptName", "must not be empty: it tells which supplier is meant")
        }
        guard let form = known.first(where: { $0.austin?.has(named.name) == true }) else {
            let names = known.compactMap { $0.austin?.names.first }.joined(separator: ", ")
            throw AustinFields.fault(named.field, "is no supplier that is known here; known are \(names)")
        }
        return form
    }
}
