import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine

/// Who must not get messages, who alone does, and what no message may hold.
struct SuppressionRoutes {
    let desk: SuppressionDesk

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/suppressions", list)
        api.route(.post, "api/v1/suppressions", suppress)
        api.route(.delete, "api/v1/suppressions/:id") { call in
            try await desk.unsuppress(call.id(), by: "api")
            return NoContent()
        }
        api.route(.get, "api/v1/allow-list", allowList)
        api.route(.post, "api/v1/allow-list", allow)
        api.route(.delete, "api/v1/allow-list/:id") { call in
            try await desk.disallow(call.id())
            return NoContent()
        }
        api.route(.get, "api/v1/sensitive-words", words)
        api.route(.post, "api/v1/sensitive-words", addWords)
        api.route(.delete, "api/v1/sensitive-words/:id") { call in
            try await desk.removeWord(call.id())
            return NoContent()
        }
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let (addressee, after, limit) = try call.query { query in
            (try query.addresseeIfAny(), try query.optional("after") as SuppressionID?, try query.limit())
        }
        let found = try await desk.store.suppressions(of: addressee, after: after, limit: limit)
        return .page(found, limit: limit, next: { .id($0.id) }, \.json)
    }

    @Sendable private func suppress(_ call: Call) async throws -> Answer {
        let (entries, editor) = try await call.body { body in
            (
                try body.some("entries") { entry in
                    (
                        addressee: try entry.addressee(), scope: try entry.scope(),
                        note: try entry.optional("note") ?? ""
                    )
                },
                try body.operatorName()
            )
        }
        return added(try await desk.suppress(entries, by: editor), call)
    }

    /// The answer to a call that added entries.
    private func added(_ count: Int, _ call: Call) -> Answer {
        call.context.note.tellAdded(count)
        return Answer(["added": .number(count)])
    }

    @Sendable private func allowList(_ call: Call) async throws -> Answer {
        let (after, limit) = try call.query { query in
            (try query.optional("after") as AllowEntryID?, try query.limit())
        }
        let found = try await desk.store.allowList(after: after, limit: limit)
        let next: WireValue = found.count < limit ? .null : found.last.map { .id($0.id) } ?? .null
        return Answer([
            "enabled": .bool(desk.isAllowListOn), "items": .list(found.map { .object($0.json) }),
            "next": next,
        ])
    }

    @Sendable private func allow(_ call: Call) async throws -> Answer {
        let (entries, editor) = try await call.body { body in
            (
                try body.some("entries") { entry in
                    (addressee: try entry.addressee(), note: try entry.optional("note") ?? "")
                },
                try body.operatorName()
            )
        }
        return added(try await desk.allow(entries, by: editor), call)
    }

    @Sendable private func words(_ call: Call) async throws -> Answer {
        let (after, limit) = try call.query { query in
            (try query.optional("after") as SensitiveWordID?, try query.limit())
        }
        let found = try await desk.store.words(after: after, limit: limit)
        return .page(found, limit: limit, next: { .id($0.id) }, \.json)
    }

    @Sendable private func addWords(_ call: Call) async throws -> Answer {
        let (texts, editor) = try await call.body { body in
            (
                try body.some("words") { entry in try entry.required("text") as String },
                try body.operatorName()
            )
        }
        let words = try texts.enumerated()
            .map { place, text in
                guard let word = desk.word(text, by: editor) else {
                    throw InputFault(
                        .outOfRange,
                        field: "words[\(place)].text",
                        "must have 1 to \(SensitiveWordDraft.limit) letters and digits"
                    )
                }
                return word
            }
        return added(try await desk.store.addWords(words), call)
    }
}

/// How a scope is named.
private enum ScopeName: String, InputChoice {
    case all
    case signature
    case type
}

extension Input {
    /// One entry or more, as many as a call may bring.
    fileprivate mutating func some<Entry>(
        _ name: String,
        _ read: (inout Input) throws -> Entry
    ) throws -> [Entry] {
        let entries = try objects(name, read) ?? []
        guard 1...SuppressionDesk.entriesAtOnce ~= entries.count else {
            let reason = "must be a list of 1 to \(SuppressionDesk.entriesAtOnce) objects"
            throw InputFault(entries.isEmpty ? .missing : .outOfRange, field: path(name), reason)
        }
        return entries
    }

    /// Whom an entry is about.
    fileprivate mutating func addressee() throws(InputFault) -> Addressee {
        guard let addressee = try addresseeIfAny() else {
            throw InputFault(
                .missing,
                field: path("receiver"),
                "is missing; it must be \(String.expectation)"
            )
        }
        return addressee
    }

    /// Whom an entry is about; nil when nobody is named.
    fileprivate mutating func addresseeIfAny() throws(InputFault) -> Addressee? {
        let channel: Channel = try optional("sendChannel") ?? .sms
        guard let receiver: String = try optional("receiver") else { return nil }
        do throws(AddressFault) {
            return try Addressee(receiver, on: channel)
        } catch {
            throw InputFault(.outOfRange, field: path("receiver"), "\(error.code): \(error.hint)")
        }
    }

    /// What an entry keeps away.
    fileprivate mutating func scope() throws(InputFault) -> SuppressionScope {
        let name: ScopeName = try optional("scope") ?? .all
        let signature: String? = try optional("signName")
        let type: MessageType? = try optional("msgType")
        switch (name, signature.flatMap(Signature.plain), type) {
        case (.all, nil, nil): return .everything
        case (.signature, let text?, nil): return .signature(text)
        case (.type, nil, let type?): return .type(type)
        default:
            let reason = "is all alone, signature with signName, or type with msgType"
            throw InputFault(.outOfRange, field: path("scope"), reason)
        }
    }
}

extension Suppression {
    fileprivate var json: WireObject {
        var scope: (name: ScopeName, signature: WireValue, type: WireValue) = (.all, .null, .null)
        switch draft.scope {
        case .everything: break
        case .signature(let text): scope = (.signature, .text(text), .null)
        case .type(let type): scope = (.type, .null, .number(type.rawValue))
        }
        return [
            "id": .id(id), "receiver": .text(draft.addressee.address),
            "sendChannel": .number(draft.addressee.space.channel.rawValue),
            "scope": .text(scope.name.rawValue),
            "signName": scope.signature, "msgType": scope.type, "source": .number(draft.source.rawValue),
            "note": .text(draft.note), "operator": .text(draft.by), "at": .instant(draft.at),
        ]
    }
}

extension AllowEntry {
    fileprivate var json: WireObject {
        [
            "id": .id(id), "receiver": .text(draft.addressee.address),
            "sendChannel": .number(draft.addressee.space.channel.rawValue), "note": .text(draft.note),
            "operator": .text(draft.by), "at": .instant(draft.at),
        ]
    }
}

extension SensitiveWord {
    fileprivate var json: WireObject {
        ["id": .id(id), "text": .text(text), "operator": .text(by), "at": .instant(at)]
    }
}

extension SuppressionID: InputIdentity {}
extension AllowEntryID: InputIdentity {}
extension SensitiveWordID: InputIdentity {}
