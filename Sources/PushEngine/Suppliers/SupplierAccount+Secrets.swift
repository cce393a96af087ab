import Groundwork

extension SupplierAccount {
    /// Takes over the secrets of the account that this one takes the place of, where none is given.
    ///
    /// They go only where they have gone before: who may change where an account's calls go does not have to know its
    /// secrets, and must not learn them by having them sent somewhere else.
    ///
    /// - Parameters:
    ///   - before: the account as it is; nil when there is none yet.
    ///   - removed: names of secrets that are to be gone.
    ///   - form: what its supplier asks for.
    /// - Returns: the account with all of its secrets.
    /// - Throws: `CatalogueFault.invalid` with the first secret that has to be given again.
    package func keepingSecrets(
        of before: SupplierAccount?,
        except removed: Set<String> = [],
        at form: SupplierForm
    ) throws(CatalogueFault) -> SupplierAccount {
        guard let before else { return self }
        let kept = before.config.secrets.filter { name, _ in
            config.secrets[name] == nil && !removed.contains(name)
        }
        let turned = form.fields.first { $0.leadsSecrets && self[$0.name] != before[$0.name] }
        let changed = url != before.url ? "url" : turned.map { "config.\($0.name)" }
        if let changed, let name = form.fields.map(\.name).first(where: { kept[$0] != nil }) {
            throw .invalid(
                field: "config.\(name)",
                reason: "must be given again, because \(changed) has changed"
            )
        }
        var account = self
        account.config = AccountConfig(
            config.values,
            secrets: config.secrets.merging(kept) { given, _ in given }
        )
        return account
    }
}
