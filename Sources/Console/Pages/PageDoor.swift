import Groundwork
import HTTPTypes
import Hummingbird
import Logging
import People
import PushEngine

/// What every page has in common: who may see it, in which language, and what becomes of errors.
struct PageDoor: Sendable {
    let renderer: PageRenderer
    let sessions: Sessions
    let gate: AccessGate
    let trail: AuditTrail
    private let parts: ConsoleParts

    /// The most bytes a form can have whose sender is not known yet.
    private static let guestFormLimit = 64 << 10
    /// The most bytes a form can have: a job's parameters and a script, every byte escaped.
    private static let formLimit = 1 << 20

    init(renderer: PageRenderer, sessions: Sessions, parts: ConsoleParts) {
        self.renderer = renderer
        self.sessions = sessions
        self.parts = parts
        gate = AccessGate(parts)
        trail = AuditTrail(parts)
    }

    /// Shows a page to somebody who is signed in; sends everybody else to sign in first.
    func show(
        _ request: Request,
        _ context: ConsoleContext,
        _ handler: @Sendable (Visit) async throws -> PageAnswer
    ) async -> Response {
        guard let session = sessions.session(of: request) else { return toSignIn(request) }
        return await answering(visit(request, context, session), context) {
            guard let caller = try await gate.caller(of: session) else { return toSignIn(request) }
            try await gate.check(caller, request, context)
            let visit = visit(request, context, session, caller)
            switch try await handler(visit) {
            case .page(let page): return try renderer.response(page, for: visit)
            case .part(let template, let model): return try renderer.response(template, model, for: visit)
            case .stream(let feed):
                return EventStream.response(feed, to: request, timer: parts.timer) { [gate, parts] in
                    guard session.expiresAt > parts.clock.now else { return false }
                    return try await gate.caller(of: session) != nil
                }
            }
        }
    }

    /// Does what a button says, once the form has proved that it is ours; then shows the page it belongs to.
    func press(
        _ request: Request,
        _ context: ConsoleContext,
        _ handler: @Sendable (Visit) async throws -> ButtonAnswer
    ) async -> Response {
        guard let session = sessions.session(of: request) else { return toSignIn(request) }
        return await answering(visit(request, context, session), context) {
            guard let caller = try await gate.caller(of: session) else { return toSignIn(request) }
            let visit = visit(
                request,
                context,
                session,
                caller,
                form: try await form(of: request, isSignedIn: true)
            )
            guard visit.hasFormToken else { throw Trouble(.forbidden, "") }
            try await gate.check(caller, request, context)
            return try await trail.following(caller, by: .page, request, context) {
                let answer = try await handler(visit)
                guard let page = answer.page else {
                    return Self.moved(to: answer.path + Visit.text(answer.query))
                }
                if !answer.isDone { context.note.drop() }
                return try renderer.response(page, for: visit)
            }
        }
    }

    /// What `body` answers, or the page that tells why it cannot.
    func answering(
        _ visit: Visit,
        _ context: ConsoleContext,
        _ body: () async throws -> Response
    ) async -> Response {
        do { return try await body() } catch {
            let trouble = Trouble(error)
            if trouble.isOurs {
                context.logger.error("page not served", metadata: [LogKey.error: "\(error)"])
            }
            var page = Page(
                "trouble",
                nil,
                title: visit.say("trouble"),
                TroubleView(trouble, for: visit)
            )
            page.status = trouble.status
            do { return try renderer.response(page, for: visit) } catch {
                context.logger.critical("page of errors not served", metadata: [LogKey.error: "\(error)"])
                return Response(status: .internalServerError)
            }
        }
    }

    /// The request as pages see it.
    func visit(
        _ request: Request,
        _ context: ConsoleContext,
        _ session: Session?,
        _ caller: Caller? = nil,
        form: [String: String] = [:],
        guest: String = ""
    ) -> Visit {
        Visit(
            session: session,
            caller: caller,
            say: Voice(
                language: Language(of: request),
                words: renderer.library.words,
                zone: parts.calendar.zone,
                now: parts.clock.now
            ),
            address: request.uri.path + (request.uri.query.map { "?" + $0 } ?? ""),
            query: Visit.pairs(request.uri.query ?? ""),
            form: form,
            parameters: context.parameters,
            formToken: sessions.formToken(for: session?.id ?? guest),
            lastEventID: HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] },
            requestID: context.id,
            note: context.note
        )
    }

    /// What the body of a form says.
    ///
    /// - Throws: what reading it throws, also when it is longer than a form of ours can be.
    func form(of request: Request, isSignedIn: Bool = false) async throws -> [String: String] {
        let limit = isSignedIn ? Self.formLimit : Self.guestFormLimit
        let body = try await request.body.collect(upTo: limit)
        return Visit.pairs(String(decoding: body.readableBytesView, as: UTF8.self))
    }

    /// Whether the reader's browser came over https, perhaps through a proxy.
    static func isOverHTTPS(_ request: Request) -> Bool {
        guard let name = HTTPField.Name("X-Forwarded-Proto"), let proto = request.headers[name] else {
            return false
        }
        return proto.lowercased() == "https"
    }

    /// Go there, and look.
    static func moved(to path: String) -> Response {
        Response(status: .seeOther, headers: [.location: path, .cacheControl: "no-store"])
    }

    private func toSignIn(_ request: Request) -> Response {
        let address = request.uri.path + (request.uri.query.map { "?" + $0 } ?? "")
        let back = request.method == .get && !address.hasSuffix("/events") ? address : "/"
        return Self.moved(to: "/sign-in" + (back == "/" ? "" : Visit.text(["to": back])))
    }
}

extension Visit {
    /// Whether the form carries the token that only our pages know.
    var hasFormToken: Bool { formToken.matches(form["form_token"] ?? "") }
}
