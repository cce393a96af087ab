import Groundwork

/// The suppliers that can be spoken to, by kind.
package struct SupplierForms: Sendable {
    /// In the order in which people read them.
    package let all: [SupplierForm]
    private let byKind: [SupplierKind: SupplierForm]

    package init(_ forms: [SupplierForm]) {
        all = forms
        byKind = Dictionary(forms.map { ($0.kind, $0) }) { first, _ in first }
    }

    /// The form of a kind; nil when nobody here speaks its wire.
    package subscript(kind: SupplierKind) -> SupplierForm? { byKind[kind] }

    /// The channels that austin has accounts of, in order.
    package var austinChannels: [Channel] {
        let channels = Set(all.filter { $0.austin != nil }.map(\.channel))
        return Channel.allCases.filter(channels.contains)
    }

    /// The adapter that speaks for `account`.
    ///
    /// One whose kind is not known here, because another version stored it, is spoken for by nobody: it refuses every
    /// call.
    package func adapter(of account: SupplierAccount, _ tools: SupplierTools) -> any Supplier {
        self[account.kind]?.adapter(account, tools)
            ?? SpeechlessSupplier(account: account.id, kind: account.kind)
    }
}

/// Speaks for an account whose wire nobody here knows.
private struct SpeechlessSupplier: Supplier {
    let account: AccountID
    let kind: SupplierKind

    let shapes = [CallShape(recipients: 1, sameContent: true)]

    func send(_ call: SupplierCall) async -> SupplierReply {
        let refusal = Refusal(.badConfig, code: "kpush.unknown_kind", message: kind.rawValue)
        return SupplierReply(all: .refused(refusal), count: call.recipients.count)
    }
}
