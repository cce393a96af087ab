import Groundwork
import HTTPTypes
import Hummingbird
import Logging
import People

/// Signing in and out, and the choice of the language.
struct SignInPages: Sendable {
    private static let guestCookie = "kpush_guest"

    let token: Secret
    let door: PageDoor
    let desk: SignInDesk

    func add(to router: Router<ConsoleContext>) {
        router.get("/sign-in") { request, context in await show(request, context) }
        router.post("/sign-in") { request, context in await signIn(request, context) }
        router.post("/sign-out") { request, context in await signOut(request, context) }
        router.get("/language/:code") { request, context in choose(request, context) }
    }

    /// What the form shows.
    private struct Model: Sendable {
        let to: String
        var name = ""
        /// Why the last attempt led nowhere.
        var problem: String?
    }

    private func show(_ request: Request, _ context: ConsoleContext) async -> Response {
        let guest = Sessions.draw()
        let visit = door.visit(request, context, nil, guest: guest)
        return await answering(visit, context, guest, request) {
            if let session = door.sessions.session(of: request),
                try await door.gate.caller(of: session) != nil
            {
                return PageDoor.moved(to: Self.target(visit.query))
            }
            return try page(visit, Model(to: Self.target(visit.query)))
        }
    }

    private func signIn(_ request: Request, _ context: ConsoleContext) async -> Response {
        let guest = request.cookies[Self.guestCookie]?.value ?? ""
        let asked = door.visit(request, context, nil, guest: guest)
        return await answering(asked, context, guest, request) {
            let form = try await door.form(of: request)
            let visit = door.visit(request, context, nil, form: form, guest: guest)
            guard !guest.isEmpty, visit.hasFormToken else { throw Trouble(.forbidden, "") }
            let address = context.address(of: request)
            if let shown = form["token"] {
                let refusal = desk.admitToken(from: address) { token.matches(shown.trimmingSpaces) }
                if let refusal { return try refused(visit, refusal, visit.say("token-wrong"), context) }
                return opened(.token, nil, request, to: Self.target(form))
            }
            let password = Secret(form["password"] ?? "")
            let outcome = try await desk.signIn(form["name"] ?? "", password, from: address)
            guard case .signedIn(let user) = outcome else {
                return try refused(visit, outcome, visit.say("sign-in-wrong"), context)
            }
            let holder = Session.Holder.user(user.id, generation: user.generation)
            return opened(holder, user.language, request, to: Self.target(form))
        }
    }

    /// Opens a session, in the user's language where one was chosen.
    private func opened(
        _ holder: Session.Holder,
        _ language: String?,
        _ request: Request,
        to path: String
    ) -> Response {
        var response = PageDoor.moved(to: path)
        let isHTTPS = PageDoor.isOverHTTPS(request)
        response.setCookie(door.sessions.cookie(door.sessions.open(for: holder), overHTTPS: isHTTPS))
        if let language = language.flatMap(Language.init(rawValue:)) {
            response.setCookie(language.cookie(overHTTPS: isHTTPS))
        }
        return response
    }

    /// The form again, with what was wrong, or how long to wait.
    private func refused(
        _ visit: Visit,
        _ outcome: SignInDesk.Outcome,
        _ wrong: String,
        _ context: ConsoleContext
    ) throws -> Response {
        context.logger.notice("sign-in refused")
        var model = Model(to: Self.target(visit.form), name: visit.form["name"] ?? "", problem: wrong)
        var status = HTTPTypes.HTTPResponse.Status.forbidden
        if case .tooOften(let wait) = outcome {
            model.problem = visit.say("sign-in-wait", ["span": visit.say.duration(wait)])
            status = .tooManyRequests
        }
        return try page(visit, model, status)
    }

    private func signOut(_ request: Request, _ context: ConsoleContext) async -> Response {
        guard let session = door.sessions.session(of: request) else { return PageDoor.moved(to: "/sign-in") }
        let asked = door.visit(request, context, session)
        return await door.answering(asked, context) {
            let visit = door.visit(request, context, session, form: try await door.form(of: request))
            guard visit.hasFormToken else { throw Trouble(.forbidden, "") }
            var response = PageDoor.moved(to: "/sign-in")
            response.setCookie(door.sessions.farewell(overHTTPS: PageDoor.isOverHTTPS(request)))
            return response
        }
    }

    private func choose(_ request: Request, _ context: ConsoleContext) -> Response {
        var response = PageDoor.moved(to: Self.target(Visit.pairs(request.uri.query ?? "")))
        if let language = context.parameters.get("code").flatMap({ Language(rawValue: $0) }) {
            response.setCookie(language.cookie(overHTTPS: PageDoor.isOverHTTPS(request)))
        }
        return response
    }

    private func page(
        _ visit: Visit,
        _ model: Model,
        _ status: HTTPTypes.HTTPResponse.Status = .ok
    ) throws -> Response {
        var page = Page("sign-in", nil, title: visit.say("sign-in"), model)
        page.status = status
        return try door.renderer.response(page, for: visit)
    }

    /// Answers, and lets the browser keep what its next form is checked against.
    private func answering(
        _ visit: Visit,
        _ context: ConsoleContext,
        _ guest: String,
        _ request: Request,
        _ body: () async throws -> Response
    ) async -> Response {
        var response = await door.answering(visit, context, body)
        if response.status != .seeOther, !guest.isEmpty {
            response.setCookie(
                Cookie(
                    name: Self.guestCookie,
                    value: guest,
                    path: "/sign-in",
                    secure: PageDoor.isOverHTTPS(request),
                    httpOnly: true,
                    sameSite: .strict
                )
            )
        }
        return response
    }

    /// Where to go on: only to an address of ours.
    private static func target(_ query: [String: String]) -> String {
        guard let to = query["to"], to.isLocalPath else { return "/" }
        return to
    }
}
