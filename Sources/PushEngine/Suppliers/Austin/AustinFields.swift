import Groundwork

/// The fields of an account of austin's, on their way to be those of one of ours.
package struct AustinFields: Sendable {
    /// What became of one of them.
    private enum Fate {
        /// It is what goes by that name here, or a part of it.
        case became(String)
        /// It has no effect here.
        case dropped
    }

    /// Where the supplier is; nil for its own address.
    package var url: String?
    /// What the account is set up with, by the names of its supplier's form.
    private(set) var settings: [String: String] = [:]
    /// Settings that an account must not keep which has them.
    private(set) var removed: Set<String> = []

    private let members: [(name: String, text: String)]
    private var fates: [String: Fate] = [:]

    /// Takes a JSON object, or the text of one.
    ///
    /// - Throws: `CatalogueFault.invalid` with the field that no account can have.
    init(_ value: WireValue) throws(CatalogueFault) {
        var object = value.object
        if case .text(let text) = value { object = (try? WireValue(json: text.utf8))?.object }
        guard let object else {
            throw .invalid(field: Self.name, reason: "must be a JSON object, or the text of one")
        }
        var members: [(name: String, text: String)] = []
        for member in object.members {
            guard !members.contains(where: { $0.name == member.key }) else {
                throw Self.fault(member.key, "stands twice")
            }
            guard member.value.object == nil, member.value.list == nil else {
                throw Self.fault(member.key, "must be a text, a number, or true or false")
            }
            let text = member.value.text ?? ""
            guard !text.utf8.contains(0) else { throw Self.fault(member.key, "must not contain U+0000") }
            members.append((member.key, text))
        }
        self.members = members
    }

    /// The text of a field that becomes `ours`, or a part of it; nil for one that is missing or empty.
    ///
    /// - Parameters:
    ///   - name: its name there.
    ///   - ours: `url`, `kind`, or `config.` and the name of a setting.
    /// - Returns: the text.
    package mutating func text(_ name: String, as ours: String) -> String? {
        guard let member = members.first(where: { $0.name == name }) else { return nil }
        fates[name] = .became(ours)
        return member.text.isEmpty ? nil : member.text
    }

    /// The truth of a field that becomes `ours`, or a part of it.
    ///
    /// - Throws: `CatalogueFault.invalid` when it is something else.
    package mutating func flag(_ name: String, as ours: String) throws(CatalogueFault) -> Bool? {
        guard let text = text(name, as: ours) else { return nil }
        guard let truth = WireValue.text(text).truth else { throw Self.fault(name, "must be true or false") }
        return truth
    }

    /// The value of a setting of ours as far as it is known; empty when it is not.
    package func setting(_ name: String) -> String { settings[name] ?? "" }

    /// Gives a setting of ours its value.
    package mutating func set(_ setting: String, _ value: String) { settings[setting] = value }

    /// Takes over a field that has another name here.
    package mutating func rename(_ name: String, _ setting: String) {
        if let text = text(name, as: "config.\(setting)") { set(setting, text) }
    }

    /// Passes over fields that have no effect here.
    package mutating func drop(_ names: String...) {
        for name in names { fates[name] = .dropped }
    }

    /// Sees to it that an account does not have a setting, not even from before.
    package mutating func remove(_ setting: String) {
        settings[setting] = nil
        removed.insert(setting)
    }

    /// Takes over what is called as it is here.
    ///
    /// - Throws: `CatalogueFault.invalid` with a field that nobody knows.
    mutating func finish(at form: SupplierForm) throws(CatalogueFault) {
        for field in form.fields where fates[field.name] == nil { rename(field.name, field.name) }
        if fates["url"] == nil, let text = text("url", as: "url") { url = text.trimming() }
        if let stranger = members.first(where: { fates[$0.name] == nil }) {
            throw Self.fault(stranger.name, "is no field of an account at \(form.title) that is known here")
        }
    }

    /// What became of each field, in the order in which they came.
    var steps: [AustinTranslation.Step] {
        members.map { member in
            if case .became(let ours) = fates[member.name] {
                AustinTranslation.Step(field: member.name, became: ours)
            } else {
                AustinTranslation.Step(field: member.name, became: nil)
            }
        }
    }

    /// What the whole is called at our doors.
    package static let name = "accountConfig"

    /// Says what is wrong with a field.
    package static func fault(_ field: String, _ reason: String) -> CatalogueFault {
        .invalid(field: "\(name).\(field)", reason: reason)
    }
}
