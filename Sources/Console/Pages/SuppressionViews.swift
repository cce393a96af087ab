import Groundwork
import PushEngine

/// What the pages about suppression have at their top.
struct SuppressionHead: Sendable {
    /// One of the pages.
    struct Tab: Sendable {
        let path: String
        let name: String
        let isCurrent: Bool
    }

    let tabs: [Tab]
    /// Whether only those on the allow-list get messages, in words.
    let state: Chip

    init(_ path: String, _ desk: SuppressionDesk, _ say: Voice) {
        tabs = [
            (SuppressionPages.path, say("blacklist")), (SuppressionPages.allowedPath, say("allow-list")),
            (SuppressionPages.wordsPath, say("sensitive-words")),
        ]
        .map { Tab(path: $0.0, name: $0.1, isCurrent: $0.0 == path) }
        state = desk.isAllowListOn ? Chip(.wait, say("allow-list-on")) : Chip(.idle, say("allow-list-off"))
    }
}

/// One of a few to choose from.
struct FormChoice: Sendable {
    let value: String
    let name: String
    let isChosen: Bool

    /// Where addresses are of one kind.
    static func channels(_ chosen: Channel, _ say: Voice) -> [FormChoice] {
        var seen: Set<AddressSpace> = []
        return ([.sms, .email] + Channel.allCases).filter { seen.insert($0.addressSpace).inserted }
            .map { channel in
                let name =
                    switch channel.addressSpace {
                    case .phone: say("space-phone")
                    case .mail: say("space-mail")
                    case .users: channel.name
                    }
                return FormChoice(value: "\(channel.rawValue)", name: name, isChosen: channel == chosen)
            }
    }

    /// What may be kept away.
    static func scopes(_ say: Voice) -> [FormChoice] {
        [FormChoice(value: "all", name: say("scope-all"), isChosen: true)]
            + MessageType.allCases.map { type in
                FormChoice(
                    value: type.name,
                    name: say("scope-type", ["type": say("type-\(type.name)")]),
                    isChosen: false
                )
            } + [FormChoice(value: "signature", name: say("scope-signature"), isChosen: false)]
    }
}

/// The blacklist, a page at a time, or what it says of somebody.
struct SuppressionList: Sendable {
    /// An entry.
    struct Row: Sendable {
        let receiver: String
        let kind: String
        let scope: String
        let source: String
        let note: String
        let by: String
        let at: Stamp
        let remove: Action
    }

    let head: SuppressionHead
    let typed: String
    let isSearch: Bool
    let channels: [FormChoice]
    let scopes: [FormChoice]
    let rows: [Row]
    let isEmpty: Bool
    let older: String?

    init(
        _ desk: SuppressionDesk,
        typed: String?,
        _ channel: Channel,
        _ found: [Suppression],
        older: String?,
        _ say: Voice
    ) {
        head = SuppressionHead(SuppressionPages.path, desk, say)
        self.typed = typed ?? ""
        isSearch = typed != nil
        channels = FormChoice.channels(channel, say)
        scopes = FormChoice.scopes(say)
        rows = found.map { Row($0, say) }
        isEmpty = found.isEmpty
        self.older = older
    }
}

extension SuppressionList.Row {
    init(_ entry: Suppression, _ say: Voice) {
        let draft = entry.draft
        receiver = draft.addressee.masked
        kind = draft.addressee.space.channel.name
        scope =
            switch draft.scope {
            case .everything: say("scope-all")
            case .signature(let text): say("scope-signature-of", ["text": text])
            case .type(let type): say("scope-type", ["type": say("type-\(type.name)")])
            }
        source =
            switch draft.source {
            case .operator: say("source-operator")
            case .reply: say("source-reply")
            case .supplier: say("source-supplier")
            }
        note = draft.note
        by = draft.by
        at = say.stamp(draft.at)
        remove = Action(
            "/suppressions/entries/\(entry.id.rawValue)/remove",
            say("list-remove"),
            .bad,
            question: say("suppression-remove-question", ["receiver": receiver]),
            effect: say("suppression-remove-effect")
        )
    }
}

/// The allow-list, a page at a time.
struct AllowedList: Sendable {
    /// An entry.
    struct Row: Sendable {
        let receiver: String
        let kind: String
        let note: String
        let by: String
        let at: Stamp
        let remove: Action
    }

    let head: SuppressionHead
    let channels: [FormChoice]
    let rows: [Row]
    let isEmpty: Bool
    let older: String?

    init(_ desk: SuppressionDesk, _ found: [AllowEntry], older: String?, _ say: Voice) {
        head = SuppressionHead(SuppressionPages.allowedPath, desk, say)
        channels = FormChoice.channels(.sms, say)
        rows = found.map { entry in
            Row(
                receiver: entry.draft.addressee.masked,
                kind: entry.draft.addressee.space.channel.name,
                note: entry.draft.note,
                by: entry.draft.by,
                at: say.stamp(entry.draft.at),
                remove: Action(
                    "/suppressions/allowed/\(entry.id.rawValue)/remove",
                    say("list-remove"),
                    .bad,
                    question: say("allowed-remove-question", ["receiver": entry.draft.addressee.masked])
                )
            )
        }
        isEmpty = found.isEmpty
        self.older = older
    }
}

/// The words that no message may hold, a page at a time.
struct WordList: Sendable {
    /// A word.
    struct Row: Sendable {
        let number: String
        let text: String
        let by: String
        let at: Stamp
        let remove: Action
    }

    let head: SuppressionHead
    let rows: [Row]
    let isEmpty: Bool
    let older: String?

    init(_ desk: SuppressionDesk, _ found: [SensitiveWord], older: String?, _ say: Voice) {
        head = SuppressionHead(SuppressionPages.wordsPath, desk, say)
        rows = found.map { word in
            Row(
                number: "\(word.id.rawValue)",
                text: word.text,
                by: word.by,
                at: say.stamp(word.at),
                remove: Action(
                    "/suppressions/words/\(word.id.rawValue)/remove",
                    say("list-remove"),
                    .bad,
                    question: say("word-remove-question", ["word": word.text])
                )
            )
        }
        isEmpty = found.isEmpty
        self.older = older
    }
}
