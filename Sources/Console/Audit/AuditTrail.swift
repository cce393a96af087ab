import Groundwork
import HTTPTypes
import Hummingbird
import Logging
import People

/// Writes down who does what, before whoever does it gets an answer.
///
/// An act is done first and written down then: where that fails, the answer says that it did, and the log tells what.
struct AuditTrail: Sendable {
    private let store: any AuditStore
    private let subjects: AuditSubjects
    private let clock: any WallClock

    init(_ parts: ConsoleParts) {
        store = parts.trail
        subjects = AuditSubjects(parts)
        clock = parts.clock
    }

    /// Does what a request asks for, and writes down what it came to; what was refused or failed changed nothing and is not
    /// written down.
    ///
    /// - Parameters:
    ///   - caller: who asks.
    ///   - way: how it is known who that is.
    ///   - request: what is asked.
    ///   - context: what else is known of the request.
    ///   - body: does it.
    /// - Returns: the answer of `body`.
    /// - Throws: what `body` throws; `StoreError` when it cannot be written down.
    func following(
        _ caller: Caller,
        by way: AuditActor.Way,
        _ request: Request,
        _ context: ConsoleContext,
        _ body: () async throws -> Response
    ) async throws -> Response {
        guard let act = AuditAct(request.method, context.endpointPath ?? request.uri.path) else {
            return try await body()
        }
        var id = context.parameters.get("id") ?? (act.act == "password" ? caller.user.map { "\($0)" } : nil)
        var old: AuditSubjects.Look?
        if let id, act.isChange { old = try await subjects.look(act.kind, id) }
        let response = try await body()
        guard response.status.code < 400, !context.note.isDropped else { return response }
        id = id ?? context.note.id ?? response.made
        var new: AuditSubjects.Look?
        if let id { new = try await subjects.look(act.kind, id) }
        let subject = AuditSubject(kind: act.kind, id: id, name: new?.name ?? old?.name)
        let change = AuditChange(
            from: act.isChange ? old?.json : new?.json,
            to: new?.json,
            facts: context.note.facts
        )
        try await write(act, by: caller.actor(way), on: subject, changing: change, request, context)
        return response
    }

    /// Writes down one act.
    ///
    /// - Throws: `StoreError` when it cannot be written down.
    func write(
        _ act: AuditAct,
        by actor: AuditActor,
        on subject: AuditSubject,
        changing change: AuditChange? = nil,
        _ request: Request,
        _ context: ConsoleContext
    ) async throws {
        let record = AuditRecord(
            at: clock.now,
            actor: actor,
            address: context.address(of: request),
            act: act.act,
            subject: subject,
            before: change?.before?.text,
            after: change?.after?.text
        )
        do { try await store.add(record) } catch {
            context.logger.critical(
                "done and not written down",
                metadata: [
                    LogKey.error: "\(error)", "act": "\(subject.kind) \(act.act)", "by": "\(actor.name)",
                ]
            )
            throw error
        }
    }
}

extension Caller {
    /// As the audit trail names the caller.
    func actor(_ way: AuditActor.Way) -> AuditActor { AuditActor(name: name, user: user, way: way) }
}

extension Response {
    /// The number of what was made, where the answer leads to it.
    fileprivate var made: String? {
        guard let path = headers[.location]?.prefix(while: { $0 != "?" }),
            let last = path.split(separator: "/").last, last.allSatisfy(\.isNumber)
        else { return nil }
        return String(last)
    }
}

extension WireObject {
    fileprivate var text: String { String(decoding: WireValue.object(self).json, as: UTF8.self) }
}
