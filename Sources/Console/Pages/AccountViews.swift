import Groundwork
import PushEngine

/// What is known of an account beyond its settings.
struct AccountState: Sendable {
    let standing: AccountStanding
    let tokenLeft: Duration?
    /// Whether anything is sent by it at all.
    let isEnabled: Bool

    /// What its health is told by, in two pieces.
    func health(_ say: Voice) -> (chip: Chip, detail: String?) {
        guard isEnabled else { return (Chip(.wait, say("health-off")), nil) }
        if let reason = standing.reason {
            let chip = Chip(reason == .throttled ? .wait : .bad, say("rests-\(reason.rawValue)"))
            let isOver = standing.rest <= .zero
            return (
                chip, isOver ? say("rests-over") : say("rests-for", ["span": say.duration(standing.rest)])
            )
        }
        if let rate = standing.rate {
            let text = say.number(Int(rate.rounded(.up)))
            return (Chip(.wait, say("health-slowed")), say("health-rate", ["n": text]))
        }
        return (Chip(.good, say("health-works")), nil)
    }

    func token(_ say: Voice) -> String? {
        tokenLeft.map { say("token-valid", ["span": say.duration($0)]) }
    }
}

/// All accounts, and the suppliers that new ones may be at.
struct AccountList: Sendable {
    /// The suppliers of one channel.
    struct ChannelRow: Sendable {
        let name: String
        let suppliers: [Choice]
    }

    let accounts: [AccountRow]
    let isEmpty: Bool
    let channels: [ChannelRow]

    init(_ accounts: [AccountRow], _ forms: SupplierForms, _ say: Voice) {
        self.accounts = accounts
        isEmpty = accounts.isEmpty
        channels = Channel.allCases.compactMap { channel in
            let suppliers = forms.all.filter { $0.channel == channel }
                .map { form in
                    Choice(name: form.title, path: "/accounts/at/\(form.kind.rawValue)", isCurrent: false)
                }
            guard !suppliers.isEmpty else { return nil }
            return ChannelRow(name: say("channel-\(channel.name)"), suppliers: suppliers)
        }
    }
}

/// An account in the list.
struct AccountRow: Sendable {
    let path: String
    let number: String
    let name: String
    let state: Chip
    let supplier: String
    let channel: String
    let weight: String
    /// Shares by message type, where they are not the usual one.
    let weights: String?
    let health: Chip
    let healthDetail: String?
    let token: String?

    init(_ account: SupplierAccount, _ forms: SupplierForms, _ state: AccountState, _ say: Voice) {
        number = "\(account.id.rawValue)"
        path = "/accounts/\(number)"
        name = account.name
        self.state = Chip(account, say)
        supplier = forms[account.kind]?.title ?? account.kind.rawValue
        channel = say("channel-\(account.channel.name)")
        weight = say.number(account.weight)
        let own = MessageType.allCases.compactMap { type in
            account.weights[type].map { "\(say("type-\(type.name)")) \(say.number($0))" }
        }
        weights = own.isEmpty ? nil : own.joined(separator: " · ")
        (health, healthDetail) = state.health(say)
        token = state.token(say)
    }
}

/// One account with the form that changes it; or the form of a new one.
struct AccountDetail: Sendable {
    /// One thing to fill in.
    struct Field: Sendable {
        /// One of the values that make sense.
        struct Option: Sendable {
            let value: String
            let name: String
            let isCurrent: Bool
        }

        let id: String
        let label: String
        /// What it is; suppliers' fields are explained in their forms' own words.
        let note: String
        let isNeeded: Bool
        let isOptional: Bool
        let isSecret: Bool
        /// Whether there is a secret that stays when none is typed in.
        let isKept: Bool
        /// What the box is called that removes the secret that there is.
        let removal: String?
        /// Whether it is chosen among `options`, or else typed in as any text.
        let isChoice: Bool
        let isText: Bool
        var value: String
        var options: [Option]
    }

    /// A weight to fill in.
    struct Share: Sendable {
        let id: String
        let name: String
        let isNeeded: Bool
        var value: String
    }

    let name: String
    let number: String?
    let chips: [Chip]
    let facts: [Fact]
    let actions: [Action]
    let savePath: String
    let draftPath: String
    let checkPath: String?
    var fields: [Field]
    var shares: [Share]
    var rate: String
    var good: String?
    var problem: String?
}
