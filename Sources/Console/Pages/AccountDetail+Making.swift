import Groundwork
import PushEngine

extension AccountDetail {
    /// The form of a new account.
    init(at form: SupplierForm, _ say: Voice) {
        let path = "/accounts/at/\(form.kind.rawValue)"
        self.init(
            name: say("account-new-at", ["supplier": form.title]),
            number: nil,
            chips: [],
            facts: Self.facts(form, say),
            actions: [],
            savePath: path,
            draftPath: "\(path)/draft",
            checkPath: nil,
            fields: [Field(id: "name", label: say("account"), note: "", value: "")]
                + Self.fields(form, nil, say),
            shares: Self.shares(nil, say),
            rate: ""
        )
    }

    /// An account, with the form that changes it.
    init(
        _ account: SupplierAccount,
        _ form: SupplierForm,
        _ state: AccountState,
        callback: String,
        _ say: Voice
    ) {
        let path = "/accounts/\(account.id.rawValue)"
        let (health, detail) = state.health(say)
        var facts = Self.facts(form, say)
        facts.append(Fact(say("health"), detail.map { "\(health.text), \($0)" } ?? health.text))
        facts.append(Fact(say("callback"), callback))
        if let token = state.token(say) { facts.append(Fact(say("token-left"), token)) }
        self.init(
            name: account.name,
            number: "\(account.id.rawValue)",
            chips: [Chip(account, say), health],
            facts: facts,
            actions: [Self.toggle(account, path, say)],
            savePath: "\(path)/edit",
            draftPath: "\(path)/draft",
            checkPath: "\(path)/check",
            fields: Self.fields(form, account, say),
            shares: Self.shares(account, say),
            rate: account.callsPerSecond.map(String.init) ?? "",
            problem: account.canSign ? nil : say("account-locked-hint")
        )
    }

    /// Shows what was typed in, except secrets.
    mutating func fill(_ input: AccountInput) {
        for index in fields.indices where !fields[index].isSecret {
            let text = input.text(fields[index].id)
            fields[index].value = text
            fields[index].options = fields[index].options
                .map { Field.Option(value: $0.value, name: $0.name, isCurrent: $0.value == text) }
        }
        for index in shares.indices { shares[index].value = input.text(shares[index].id) }
        rate = input.text("rate")
    }

    /// Tells what came of a look whether it can be reached.
    func with(_ verdict: ConnectionVerdict?, _ say: Voice) -> AccountDetail {
        var detail = self
        switch verdict {
        case .good: (detail.good, detail.problem) = (say("check-good"), nil)
        case .bad(let words): detail.problem = "\(say("check-bad")) \(words)"
        case .notOffered: detail.problem = say("check-none")
        case nil: break
        }
        return detail
    }

    private static func facts(_ form: SupplierForm, _ say: Voice) -> [Fact] {
        [
            Fact(say("supplier"), form.title),
            Fact(say("channel"), say("channel-\(form.channel.name)")),
        ]
    }

    private static func toggle(_ account: SupplierAccount, _ path: String, _ say: Voice) -> Action {
        guard account.isEnabled else {
            return Action(
                "\(path)/enable",
                say("enable"),
                .good,
                question: say("enable-question", ["name": account.name])
            )
        }
        return Action(
            "\(path)/stop",
            say("stop"),
            .bad,
            question: say("account-stop-question", ["name": account.name]),
            effect: say("account-stop-effect")
        )
    }

    private static func fields(_ form: SupplierForm, _ account: SupplierAccount?, _ say: Voice) -> [Field] {
        form.fields.map { field in
            let hasSecret = field.isSecret && account.map { !$0.secret(field.name).isEmpty } ?? false
            let value = field.isSecret ? "" : account?[field.name] ?? ""
            return Field(
                id: AccountInput.name(of: field),
                label: field.name,
                note: field.note,
                isNeeded: field.isRequired && !hasSecret,
                isOptional: !field.isRequired,
                isSecret: field.isSecret,
                isKept: hasSecret,
                removal: hasSecret && !field.isRequired ? "remove-\(field.name)" : nil,
                isChoice: !field.isSecret && !field.choices.isEmpty,
                isText: !field.isSecret && field.choices.isEmpty,
                value: value,
                options: options(field, value, say)
            )
        } + [
            Field(
                id: "url",
                label: say("account-url"),
                note: form.address.isEmpty
                    ? say(
                        "account-url-needed",
                        ["start": form.schemes.map { $0 + "://" }.joined(separator: ", ")]
                    )
                    : say("account-url-hint", ["url": form.address]),
                isNeeded: form.address.isEmpty,
                value: account.map { $0.url == form.address ? "" : $0.url } ?? ""
            )
        ]
    }

    private static func options(_ field: AccountField, _ value: String, _ say: Voice) -> [Field.Option] {
        guard !field.isSecret, !field.choices.isEmpty else { return [] }
        let none =
            field.isRequired ? [] : [Field.Option(value: "", name: say("field-none"), isCurrent: false)]
        return none
            + field.choices.map { Field.Option(value: $0, name: $0, isCurrent: $0 == value) }
    }

    private static func shares(_ account: SupplierAccount?, _ say: Voice) -> [Share] {
        let usual = Share(
            id: "weight",
            name: say("weight-usual"),
            isNeeded: true,
            value: "\(account?.weight ?? 100)"
        )
        return [usual]
            + MessageType.allCases.map { type in
                Share(
                    id: AccountInput.name(of: type),
                    name: say("type-\(type.name)"),
                    isNeeded: false,
                    value: account?.weights[type].map(String.init) ?? ""
                )
            }
    }
}

extension AccountDetail.Field {
    /// A text that is no secret.
    init(id: String, label: String, note: String, isNeeded: Bool = true, value: String) {
        self.init(
            id: id,
            label: label,
            note: note,
            isNeeded: isNeeded,
            isOptional: !isNeeded,
            isSecret: false,
            isKept: false,
            removal: nil,
            isChoice: false,
            isText: true,
            value: value,
            options: []
        )
    }
}

extension Chip {
    init(_ account: SupplierAccount, _ say: Voice) {
        if !account.canSign {
            self.init(.bad, say("account-locked"))
        } else if account.isEnabled {
            self.init(.good, say("account-on"))
        } else {
            self.init(.idle, say("account-off"))
        }
    }
}
