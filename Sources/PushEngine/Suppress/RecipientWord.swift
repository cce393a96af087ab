package import Groundwork

/// What a recipient let a supplier know.
package struct RecipientWord: Hashable, Sendable {
    package enum Meaning: Hashable, Sendable {
        /// An answer to a message.
        case answer(String)
        /// They follow the account no more.
        case left
        /// They follow it, perhaps again.
        case joined
    }

    /// The recipient as messages are addressed to them.
    package let sender: String
    package let meaning: Meaning
    /// The signature of the messages that they answered, where the supplier tells.
    package let signature: String?
    package let at: Moment

    package init(sender: String, _ meaning: Meaning, signature: String? = nil, at: Moment) {
        self.sender = sender
        self.meaning = meaning
        self.signature = signature.flatMap(Signature.plain)
        self.at = at
    }

    /// What they want no more of; nil when it is no refusal.
    ///
    /// An answer refuses what its signature says; without one, all marketing.
    var refusal: SuppressionScope? {
        switch meaning {
        case .answer(let text):
            guard OptOut.isRefusal(text) else { return nil }
            return signature.map { .signature($0) } ?? .type(.marketing)
        case .left: return .everything
        case .joined: return nil
        }
    }
}

/// Does what recipients ask for.
struct RecipientWords: Sendable {
    let store: any SuppressionStore

    /// Puts those on the list who refuse, and takes those off who come back; told again, it changes nothing.
    func take(_ words: [RecipientWord], of account: SupplierAccount) async throws(StoreError) {
        var drafts: [SuppressionDraft] = []
        var returns: [(addressee: Addressee, at: Moment)] = []
        for word in words {
            guard let addressee = try? Addressee(word.sender, on: account.channel) else { continue }
            if word.meaning == .joined { returns.append((addressee, word.at)) }
            guard let scope = word.refusal else { continue }
            drafts.append(
                SuppressionDraft(addressee, scope, source: .reply, by: account.name, at: word.at)
            )
        }
        if !drafts.isEmpty { _ = try await store.suppress(drafts) }
        for (addressee, at) in returns {
            _ = try await store.welcomeBack(addressee, at: at, by: account.name)
        }
    }
}
