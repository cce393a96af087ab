import Groundwork
import PushEngine

/// Where an account of austin's is pasted in as it stands in its table.
struct AustinPages: PageDesk {
    static let path = "/accounts/from/austin"

    private let accounts: any AccountStore
    private let forms: SupplierForms

    init(parts: ConsoleParts) {
        accounts = parts.accounts
        forms = parts.suppliers
    }

    var pages: [PageRoute<PageAnswer>] { [PageRoute(Self.path) { visit in .page(page(visit)) }] }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute(Self.path) { visit in
                do {
                    let stored = try await accounts.putNew(try account(visit))
                    return ButtonAnswer("/accounts/\(stored.id.rawValue)", done: "account-austin")
                } catch CatalogueFault.invalid(let field, let reason) {
                    let problem = "\(visit.say("account-fault")) \(field) \(reason)"
                    return ButtonAnswer(showing: page(visit, problem: problem))
                }
            }
        ]
    }

    /// The account that was pasted in, in our words.
    private func account(_ visit: Visit) throws(CatalogueFault) -> SupplierAccount {
        let number = visit.form["sendChannel"].flatMap { Int($0) }
        guard let channel = number.flatMap({ Channel(rawValue: $0) }) else {
            throw .invalid(field: "sendChannel", reason: "is no channel")
        }
        let translation = try AustinTranslation(
            .text(visit.form[AustinFields.name] ?? ""),
            on: channel,
            among: forms
        )
        let account = SupplierAccount(
            id: AccountID(rawValue: 0),
            name: visit.form["name"]?.trimmingSpaces ?? "",
            kind: translation.form.kind,
            channel: channel,
            url: translation.url,
            config: translation.config
        )
        do { try account.check(against: translation.form) } catch { throw translation.told(error) }
        return account
    }

    private func page(_ visit: Visit, problem: String? = nil) -> Page {
        let form = AustinForm(forms, visit, problem: problem)
        return Page("account-austin", .accounts, title: visit.say("account-austin"), form)
    }
}

/// What is asked for; what was pasted in holds secrets and is not shown again.
struct AustinForm: Sendable {
    /// A channel on which austin has accounts.
    struct Option: Sendable {
        let value: String
        let name: String
        let isCurrent: Bool
    }

    let path = AustinPages.path
    let name: String
    let channels: [Option]
    let problem: String?

    init(_ forms: SupplierForms, _ visit: Visit, problem: String?) {
        name = visit.form["name"] ?? ""
        let chosen = visit.form["sendChannel"]
        channels = forms.austinChannels
            .map { channel in
                let value = "\(channel.rawValue)"
                return Option(
                    value: value,
                    name: "\(value) \(visit.say("channel-\(channel.name)"))",
                    isCurrent: value == chosen
                )
            }
        self.problem = problem
    }
}
