import Groundwork
import PushEngine

/// Accounts at suppliers: how they do, their settings, and whether they can be reached.
///
/// Secrets go in and never come out.
struct AccountPages: PageDesk {
    private let accounts: any AccountStore
    private let forms: SupplierForms
    private let watch: AccountWatch
    private let callbacks: ReceiptAddress

    init(parts: ConsoleParts, callbacks: ReceiptAddress) {
        self.callbacks = callbacks
        accounts = parts.accounts
        forms = parts.suppliers
        watch = parts.watch
    }

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/accounts") { visit in
                var rows: [AccountRow] = []
                for account in try await accounts.accounts() {
                    rows.append(AccountRow(account, forms, await state(of: account), visit.say))
                }
                let list = AccountList(rows, forms, visit.say)
                return .page(Page("accounts", .accounts, title: visit.say("nav-accounts"), list))
            },
            PageRoute("/accounts/at/:kind") { visit in
                .page(Self.page(AccountDetail(at: try form(visit), visit.say), visit))
            },
            PageRoute("/accounts/:id") { visit in .page(try await detail(try await account(visit), visit)) },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/accounts/at/:kind") { visit in
                let input = AccountInput(visit.form, at: try form(visit), of: nil)
                return try await save(input, of: nil, visit, done: "account-make")
            },
            PageRoute("/accounts/at/:kind/draft") { visit in
                try await checkDraft(AccountInput(visit.form, at: try form(visit), of: nil), of: nil, visit)
            },
            PageRoute("/accounts/:id/edit") { visit in
                let account = try await account(visit)
                let input = AccountInput(visit.form, at: try form(account.kind), of: account)
                return try await save(input, of: account, visit, done: "account-edit")
            },
            PageRoute("/accounts/:id/draft") { visit in
                let account = try await account(visit)
                let input = AccountInput(visit.form, at: try form(account.kind), of: account)
                return try await checkDraft(input, of: account, visit)
            },
            PageRoute("/accounts/:id/check") { visit in
                let account = try await account(visit)
                let verdict = await watch.check(account)
                return ButtonAnswer(showing: try await detail(account, visit, verdict))
            },
            PageRoute("/accounts/:id/enable") { visit in
                try await set(visit, enabled: true, done: "account-enable")
            },
            PageRoute("/accounts/:id/stop") { visit in
                try await set(visit, enabled: false, done: "account-stop")
            },
        ]
    }

    /// Stores what was typed in, or shows it again with what is wrong about it.
    private func save(
        _ input: AccountInput,
        of before: SupplierAccount?,
        _ visit: Visit,
        done: String
    ) async throws -> ButtonAnswer {
        do {
            let account = try input.account(of: before)
            let stored =
                before == nil
                ? try await accounts.putNew(account) : try await accounts.putAccount(account)
            return ButtonAnswer("/accounts/\(stored.id.rawValue)", done: done)
        } catch CatalogueFault.invalid(let field, let reason) {
            return ButtonAnswer(showing: try await again(input, of: before, "\(field) \(reason)", visit))
        }
    }

    /// Looks whether what was typed in would work, and shows it again.
    private func checkDraft(
        _ input: AccountInput,
        of before: SupplierAccount?,
        _ visit: Visit
    ) async throws -> ButtonAnswer {
        do {
            let verdict = await watch.check(try input.account(of: before))
            return ButtonAnswer(showing: try await again(input, of: before, nil, visit, verdict))
        } catch CatalogueFault.invalid(let field, let reason) {
            return ButtonAnswer(showing: try await again(input, of: before, "\(field) \(reason)", visit))
        }
    }

    private func set(_ visit: Visit, enabled: Bool, done: String) async throws -> ButtonAnswer {
        let account = try await account(visit)
        try await accounts.setAccount(
            account.id,
            weight: account.weight,
            weights: account.weights,
            callsPerSecond: account.callsPerSecond,
            enabled: enabled
        )
        return ButtonAnswer("/accounts/\(account.id.rawValue)", done: done)
    }

    private func detail(
        _ account: SupplierAccount,
        _ visit: Visit,
        _ verdict: ConnectionVerdict? = nil
    ) async throws -> Page {
        let state = await state(of: account)
        let detail = AccountDetail(
            account,
            try form(account.kind),
            state,
            callback: callbacks.path(account.id),
            visit.say
        )
        return Self.page(detail.with(verdict, visit.say), visit)
    }

    /// The page with what was typed in, except secrets.
    private func again(
        _ input: AccountInput,
        of before: SupplierAccount?,
        _ fault: String?,
        _ visit: Visit,
        _ verdict: ConnectionVerdict? = nil
    ) async throws -> Page {
        var detail = AccountDetail(at: input.form, visit.say)
        if let before {
            detail = AccountDetail(
                before,
                input.form,
                await state(of: before),
                callback: callbacks.path(before.id),
                visit.say
            )
        }
        detail.fill(input)
        if let fault { detail.problem = "\(visit.say("account-fault")) \(fault)" }
        return Self.page(detail.with(verdict, visit.say), visit)
    }

    private static func page(_ detail: AccountDetail, _ visit: Visit) -> Page {
        Page("account", .accounts, title: detail.name, detail)
    }

    private func state(of account: SupplierAccount) async -> AccountState {
        AccountState(
            standing: watch.standing(of: account.id),
            tokenLeft: await watch.tokenLeft(of: account),
            isEnabled: account.isEnabled
        )
    }

    private func account(_ visit: Visit) async throws -> SupplierAccount {
        let id: AccountID = try visit.id()
        guard let account = try await accounts.accounts().first(where: { $0.id == id }) else {
            throw Trouble.notFound("account \(id.rawValue)")
        }
        return account
    }

    private func form(_ visit: Visit) throws(Trouble) -> SupplierForm {
        try form(SupplierKind(rawValue: visit.part("kind")))
    }

    private func form(_ kind: SupplierKind) throws(Trouble) -> SupplierForm {
        guard let form = forms[kind] else { throw .notFound(kind.rawValue) }
        return form
    }
}

extension AccountStore {
    /// Stores an account that nobody has named yet.
    ///
    /// - Throws: `CatalogueFault.invalid` when there is one of its name.
    func putNew(_ account: SupplierAccount) async throws -> SupplierAccount {
        guard try await !accounts().contains(where: { $0.name == account.name }) else {
            throw CatalogueFault.invalid(field: "name", reason: "there is an account of that name")
        }
        return try await putAccount(account)
    }
}
