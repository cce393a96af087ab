import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine

/// Supplier accounts and the discard list: what operators change about delivery while it runs.
///
/// Keys go in and never come out.
struct AccountRoutes {
    let accounts: any AccountStore
    let forms: SupplierForms
    let watch: AccountWatch
    /// Where suppliers post.
    let callbacks: ReceiptAddress

    func add(to api: some RouterMethods<BasicRequestContext>) {
        api.route(.get, "api/v1/accounts") { _ in Answer.page(try await accounts.accounts().map(json)) }
        api.route(.post, "api/v1/accounts", put)
        api.route(.get, "api/v1/accounts/:id") { call in Answer(json(try await account(call.id()))) }
        api.route(.put, "api/v1/accounts/:id", change)
        api.route(.post, "api/v1/accounts/:id/check") { call in
            Answer(await watch.check(try await account(call.id())).json)
        }
        api.route(.post, "api/v1/accounts/check") { call in
            Answer(await watch.check(try await draft(call).account).json)
        }
        api.route(.get, "api/v1/suppliers") { _ in Answer.page(forms.all.map(\.json)) }
        api.route(.get, "api/v1/discards") { _ in
            Answer.page(try await accounts.discardList().sorted { $0.order < $1.order }.map(\.json))
        }
        api.route(.put, "api/v1/discards") { call in
            try await accounts.setDiscarded(true, call.body(Self.entry))
            return NoContent()
        }
        api.route(.delete, "api/v1/discards") { call in
            try await accounts.setDiscarded(false, call.query(Self.entry))
            return NoContent()
        }
    }

    /// Stores an account under its name; a known one keeps what is not sent.
    @Sendable private func put(_ call: Call) async throws -> Answer {
        let (account, isKnown) = try await draft(call)
        let stored = try await accounts.putAccount(account)
        let place = "/api/v1/accounts/\(stored.id.rawValue)"
        return isKnown ? Answer(json(stored)) : .created(json(stored), at: place)
    }

    /// The account that a call describes, and whether there is one of its name.
    private func draft(_ call: Call) async throws -> (account: SupplierAccount, isKnown: Bool) {
        let known = try await accounts.accounts()
        let (account, form, isKnown) = try await call.body { body in
            let name: String = try body.required("name")
            let kind: SupplierKind = try body.required("kind")
            guard let form = forms[kind] else {
                let kinds = forms.all.map(\.kind.rawValue).joined(separator: ", ")
                throw InputFault(.outOfRange, field: "kind", "must be one of \(kinds)")
            }
            let before = known.first { $0.name == name }
            guard before.map({ $0.kind == kind }) ?? true else {
                throw CatalogueFault.conflict("there is an account of another kind with that name")
            }
            let (config, removed) =
                try body.object("config") { try Self.config(&$0, of: form) }
                ?? (AccountConfig(before?.config.values ?? [:]), [])
            let account = try SupplierAccount(
                id: before?.id ?? AccountID(rawValue: 0),
                name: name,
                kind: kind,
                channel: try body.optional("sendChannel") ?? form.channel,
                url: try body.optional("url") ?? before?.url ?? form.address,
                config: config,
                weight: try body.optional("weight") ?? before?.weight ?? 100,
                weights: try Self.weights(&body) ?? before?.weights ?? [:],
                callsPerSecond: Self.rate(try body.optional("callsPerSecond") ?? before?.callsPerSecond ?? 0),
                isEnabled: try body.optional("enabled") ?? before?.isEnabled ?? true
            )
            .keepingSecrets(of: before, except: removed, at: form)
            return (account, form, before != nil)
        }
        try account.check(against: form)
        return (account, isKnown)
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

    @Sendable private func change(_ call: Call) async throws -> Answer {
        let before = try await account(call.id())
        let (weight, weights, rate, enabled) = try await call.body { body in
            (
                try body.optional("weight") ?? before.weight,
                try Self.weights(&body) ?? before.weights,
                Self.rate(try body.optional("callsPerSecond") ?? before.callsPerSecond ?? 0),
                try body.optional("enabled") ?? before.isEnabled
            )
        }
        try SupplierAccount.check(weight: weight)
        try SupplierAccount.check(weights: weights)
        try SupplierAccount.check(callsPerSecond: rate)
        try await accounts.setAccount(
            before.id,
            weight: weight,
            weights: weights,
            callsPerSecond: rate,
            enabled: enabled
        )
        return Answer(json(try await account(before.id)))
    }

    /// Shares by message type; those given take the place of all there were.
    private static func weights(_ body: inout Input) throws -> [MessageType: Int]? {
        try body.object("weights") { input in
            var weights: [MessageType: Int] = [:]
            for type in MessageType.allCases { weights[type] = try input.optional(type.name) }
            return weights
        }
    }

    /// On the wire 0 stands for the supplier's own limit.
    private static func rate(_ callsPerSecond: Int) -> Int? {
        callsPerSecond == 0 ? nil : callsPerSecond
    }

    private func json(_ account: SupplierAccount) -> WireObject {
        var object = account.json
        object.append("callback", .text(callbacks.path(account.id)))
        return object
    }

    private func account(_ id: AccountID) async throws -> SupplierAccount {
        guard let account = try await accounts.accounts().first(where: { $0.id == id }) else {
            throw CatalogueFault.notFound("account \(id.rawValue)")
        }
        return account
    }

    private static func entry(_ input: inout Input) throws -> DiscardEntry {
        let template: TemplateID? = try input.optional("messageTemplateId")
        let receiver: String? = try input.optional("receiver")
        switch (template, receiver) {
        case (let template?, nil): return .template(template)
        case (nil, let receiver?):
            do throws(PhoneFault) {
                return .recipient(RecipientKey(address: try PhoneNumber(receiver).e164))
            } catch {
                throw InputFault(.outOfRange, field: "receiver", "\(error.rawValue): \(error.hint)")
            }
        default:
            throw InputFault(
                .missing,
                field: "messageTemplateId",
                "give either messageTemplateId or receiver"
            )
        }
    }
}

extension SupplierAccount {
    fileprivate var json: WireObject {
        var values = WireObject()
        for (name, value) in config.values.sorted(by: { $0.key < $1.key }) {
            values.append(name, .text(value))
        }
        return [
            "id": .id(id), "name": .text(name), "kind": .text(kind.rawValue),
            "sendChannel": .number(channel.rawValue), "url": .text(url), "config": .object(values),
            "secrets": .list(config.secrets.keys.sorted().map(WireValue.text)), "weight": .number(weight),
            "weights": .object(AccountWeights.object(weights)),
            "callsPerSecond": .number(callsPerSecond ?? 0), "enabled": .bool(isEnabled),
            "canSign": .bool(canSign),
        ]
    }
}

extension ConnectionVerdict {
    fileprivate var json: WireObject {
        switch self {
        case .good: ["result": "ok", "message": .null]
        case .bad(let words): ["result": "failed", "message": .text(words)]
        case .notOffered: ["result": "not_offered", "message": .null]
        }
    }
}

extension SupplierForm {
    fileprivate var json: WireObject {
        [
            "kind": .text(kind.rawValue), "title": .text(title), "sendChannel": .number(channel.rawValue),
            "url": .text(address), "config": .list(fields.map { .object($0.json) }),
        ]
    }
}

extension AccountField {
    fileprivate var json: WireObject {
        [
            "name": .text(name), "note": .text(note), "secret": .bool(isSecret),
            "required": .bool(isRequired),
            "choices": .list(choices.map(WireValue.text)),
        ]
    }
}

extension DiscardEntry {
    /// Templates first, each kind by number.
    fileprivate var order: (Int, Int64) {
        switch self {
        case .template(let id): (0, id.rawValue)
        case .recipient(let key): (1, key.rawValue)
        }
    }

    fileprivate var json: WireObject {
        switch self {
        case .template(let id): ["messageTemplateId": .id(id), "receiver": .null]
        // Only telephone numbers get onto the list, and those are their own keys.
        case .recipient(let key): ["messageTemplateId": .null, "receiver": .text("+\(key.rawValue)")]
        }
    }
}
