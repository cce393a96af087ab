import Groundwork
import HTTPTypes
import PushEngine

/// Who must not get messages, who alone does, and what no message may hold.
struct SuppressionPages: PageDesk {
    /// Who adds and removes here: everybody who holds the token.
    private static let editor = "console"
    private static let pageSize = 50
    static let path = "/suppressions"
    static let allowedPath = "/suppressions/allowed"
    static let wordsPath = "/suppressions/words"

    private let desk: SuppressionDesk

    init(parts: ConsoleParts) {
        desk = parts.suppressions
    }

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute(Self.path) { visit in
                let (typed, channel) = (visit.text("receiver"), Self.channel(visit.query["channel"]))
                let addressee = try typed.map { try Self.addressee($0, on: channel) }
                let after = visit.number("after").map { SuppressionID(rawValue: $0) }
                let found = try await desk.store.suppressions(
                    of: addressee,
                    after: after,
                    limit: Self.pageSize
                )
                let older = Self.older(visit, found, \.id.rawValue)
                let list = SuppressionList(desk, typed: typed, channel, found, older: older, visit.say)
                return page("suppressions", visit, list)
            },
            PageRoute(Self.allowedPath) { visit in
                let after = visit.number("after").map { AllowEntryID(rawValue: $0) }
                let found = try await desk.store.allowList(after: after, limit: Self.pageSize)
                let older = Self.older(visit, found, \.id.rawValue)
                return page("allowed", visit, AllowedList(desk, found, older: older, visit.say))
            },
            PageRoute(Self.wordsPath) { visit in
                let after = visit.number("after").map { SensitiveWordID(rawValue: $0) }
                let found = try await desk.store.words(after: after, limit: Self.pageSize)
                let older = Self.older(visit, found, \.id.rawValue)
                return page("sensitive-words", visit, WordList(desk, found, older: older, visit.say))
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/suppressions/add") { visit in
                let entry = (
                    addressee: try Self.addressee(visit), scope: try Self.scope(visit),
                    note: visit.form["note"]?.trimmingSpaces ?? ""
                )
                visit.note.tellAdded(try await desk.suppress([entry], by: Self.editor))
                return ButtonAnswer(Self.path, done: "suppression-add")
            },
            PageRoute("/suppressions/entries/:id/remove") { visit in
                try await desk.unsuppress(visit.id(), by: Self.editor)
                return ButtonAnswer(Self.path, done: "suppression-remove")
            },
            PageRoute("/suppressions/allowed/add") { visit in
                let entry = (
                    addressee: try Self.addressee(visit), note: visit.form["note"]?.trimmingSpaces ?? ""
                )
                visit.note.tellAdded(try await desk.allow([entry], by: Self.editor))
                return ButtonAnswer(Self.allowedPath, done: "suppression-add")
            },
            PageRoute("/suppressions/allowed/:id/remove") { visit in
                try await desk.disallow(visit.id())
                return ButtonAnswer(Self.allowedPath, done: "suppression-remove")
            },
            PageRoute("/suppressions/words/add") { visit in
                let texts = (visit.form["words"] ?? "").split(whereSeparator: \.isNewline)
                let words = try texts.filter { !String($0).trimmingSpaces.isEmpty }
                    .map { text in
                        guard let word = desk.word(String(text).trimmingSpaces, by: Self.editor) else {
                            throw Trouble(.badRequest, "\(text): 1-\(SensitiveWordDraft.limit)")
                        }
                        return word
                    }
                guard 1...SuppressionDesk.entriesAtOnce ~= words.count else {
                    throw Trouble(.badRequest, "1-\(SuppressionDesk.entriesAtOnce)")
                }
                visit.note.tellAdded(try await desk.store.addWords(words))
                return ButtonAnswer(Self.wordsPath, done: "suppression-add")
            },
            PageRoute("/suppressions/words/:id/remove") { visit in
                try await desk.removeWord(visit.id())
                return ButtonAnswer(Self.wordsPath, done: "suppression-remove")
            },
        ]
    }

    /// Where a list goes on behind a full page of it.
    private static func older<Entry>(
        _ visit: Visit,
        _ page: [Entry],
        _ number: KeyPath<Entry, Int64>
    ) -> String? {
        guard page.count == pageSize, let last = page.last else { return nil }
        return visit.address(with: "after", "\(last[keyPath: number])")
    }

    private func page(_ template: String, _ visit: Visit, _ model: any Sendable) -> PageAnswer {
        .page(Page(template, .suppressions, title: visit.say("nav-suppressions"), model))
    }

    private static func channel(_ text: String?) -> Channel {
        text.flatMap { Int($0) }.flatMap { Channel(rawValue: $0) } ?? .sms
    }

    /// Whom a form is about.
    private static func addressee(_ visit: Visit) throws(Trouble) -> Addressee {
        try addressee(visit.form["receiver"] ?? "", on: channel(visit.form["channel"]))
    }

    private static func addressee(_ text: String, on channel: Channel) throws(Trouble) -> Addressee {
        do throws(AddressFault) {
            return try Addressee(text, on: channel)
        } catch {
            throw Trouble(.badRequest, "\(error.code): \(error.hint)")
        }
    }

    /// What a form keeps away.
    private static func scope(_ visit: Visit) throws(Trouble) -> SuppressionScope {
        let name = visit.form["scope"] ?? ""
        if let type = MessageType.allCases.first(where: { $0.name == name }) { return .type(type) }
        guard name == "signature" else { return .everything }
        guard let text = Signature.plain(visit.form["signature"] ?? "") else {
            throw Trouble(.badRequest, visit.say("signature-missing"))
        }
        return .signature(text)
    }
}
