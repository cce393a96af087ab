package import Groundwork

/// What there is to know of a kind of supplier before any account exists: what its accounts are asked for, and who
/// speaks for them.
package struct SupplierForm: Sendable {
    package let kind: SupplierKind
    /// What people call the supplier, such as `Tencent Cloud SMS`.
    package let title: String
    package let channel: Channel
    /// Where its API is, for accounts that name no other place.
    package let address: String
    /// What an account's address may begin with, before its `://`.
    package let schemes: [String]
    /// What an account is asked for, in the order of asking.
    package let fields: [AccountField]
    /// What it takes as media, of each type that it takes.
    package let media: [MediaRule]
    /// How its accounts look on austin; nil when austin has none.
    package let austin: AustinShape?
    /// Refuses settings with which nothing could ever be sent, as far as they alone can tell.
    package let refuseUseless: @Sendable (SupplierAccount) throws(CatalogueFault) -> Void
    /// Makes the adapter of an account.
    package let adapter: @Sendable (SupplierAccount, SupplierTools) -> any Supplier

    package init(
        _ kind: SupplierKind,
        title: String,
        channel: Channel,
        address: String,
        schemes: [String] = ["http", "https"],
        fields: [AccountField],
        media: [MediaRule] = [],
        austin: AustinShape? = nil,
        refuseUseless: @escaping @Sendable (SupplierAccount) throws(CatalogueFault) -> Void = { _ in },
        adapter: @escaping @Sendable (SupplierAccount, SupplierTools) -> any Supplier
    ) {
        self.kind = kind
        self.title = title
        self.channel = channel
        self.address = address
        self.schemes = schemes
        self.fields = fields
        self.media = media
        self.austin = austin
        self.refuseUseless = refuseUseless
        self.adapter = adapter
    }
}

/// One thing that a supplier's accounts are asked for.
package struct AccountField: Hashable, Sendable {
    /// Its name at every door, as the supplier's own console or the field's usual configuration spells it.
    package let name: String
    /// What it is, for whoever fills it in.
    package let note: String
    /// Whether it goes in and never comes out.
    package let isSecret: Bool
    package let isRequired: Bool
    /// The only values that make sense; empty for any.
    package let choices: [String]
    /// Whether it decides where, or how openly, secrets are sent: when it changes they have to be given again.
    package let leadsSecrets: Bool

    private init(
        _ name: String,
        _ note: String,
        isSecret: Bool = false,
        isRequired: Bool = true,
        choices: [String] = [],
        leadsSecrets: Bool = false
    ) {
        self.name = name
        self.note = note
        self.isSecret = isSecret
        self.isRequired = isRequired
        self.choices = choices
        self.leadsSecrets = leadsSecrets
    }

    /// Something that every account has and anybody may see.
    package static func required(_ name: String, _ note: String) -> AccountField {
        AccountField(name, note)
    }

    /// Something that an account may do without.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - note: what it is, and what holds without it.
    ///   - choices: the only values that make sense; empty for any.
    ///   - leadsSecrets: whether it decides where, or how openly, secrets are sent.
    /// - Returns: the field.
    package static func optional(
        _ name: String,
        _ note: String,
        choices: [String] = [],
        leadsSecrets: Bool = false
    ) -> AccountField {
        AccountField(name, note, isRequired: false, choices: choices, leadsSecrets: leadsSecrets)
    }

    /// Something that nobody may see again.
    package static func secret(_ name: String, _ note: String, isRequired: Bool = true) -> AccountField {
        AccountField(name, note, isSecret: true, isRequired: isRequired)
    }
}

/// What adapters work with; all of a process share it.
package struct SupplierTools: Sendable {
    /// What carries the calls.
    package let http: any HTTPClient
    /// What calls are dated by.
    package let clock: any WallClock
    /// The limits of one call.
    package let timeouts: HTTPTimeouts
    /// Where access tokens come from.
    package let tokens: TokenKeeper
    /// What carries mail.
    package let mail: any MailClient
    /// What fetches the files that contents link to.
    package let files: LinkedFiles

    /// Makes tools.
    ///
    /// - Parameters:
    ///   - http: what carries the calls.
    ///   - clock: what calls are dated by.
    ///   - timeouts: the limits of one call.
    ///   - tokens: where access tokens come from.
    ///   - mail: what carries mail; nil when none is sent.
    ///   - files: what fetches linked files; nil for the client that carries the calls.
    package init(
        http: any HTTPClient,
        clock: any WallClock,
        timeouts: HTTPTimeouts = HTTPTimeouts(),
        tokens: TokenKeeper,
        mail: (any MailClient)? = nil,
        files: LinkedFiles? = nil
    ) {
        self.mail = mail ?? NoMail()
        self.files = files ?? LinkedFiles(http: http, clock: clock)
        self.http = http
        self.clock = clock
        self.timeouts = timeouts
        self.tokens = tokens
    }
}
