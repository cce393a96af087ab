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

    func add(to api: some RouterMethods<ConsoleContext>) {
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
        let draft = try await draft(call)
        let stored = try await accounts.putAccount(draft.account)
        var answer = json(stored)
        if let translation = draft.translation { answer.append("translated", translation.json) }
        let place = "/api/v1/accounts/\(stored.id.rawValue)"
        return draft.isKnown ? Answer(answer) : .created(answer, at: place)
    }

    /// The account that a call describes.
    private func draft(_ call: Call) async throws -> AccountDraft {
        let known = try await accounts.accounts()
        let draft = try await call.body { body in try AccountDraft(&body, among: known, forms) }
        try draft.check()
        return draft
    }

    @Sendable private func change(_ call: Call) async throws -> Answer {
        let before = try await account(call.id())
        let (weight, weights, rate, enabled) = try await call.body { body in
            (
                try body.optional("weight") ?? before.weight,
                try AccountDraft.weights(&body) ?? before.weights,
                AccountDraft.rate(try body.optional("callsPerSecond") ?? before.callsPerSecond ?? 0),
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
    /// Of what is secret no more than that it is there.
    var json: WireObject {
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
