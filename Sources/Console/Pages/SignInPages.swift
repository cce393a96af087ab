import Groundwork
import HTTPTypes
import Hummingbird
import Logging

/// Signing in and out, and the choice of the language.
struct SignInPages: Sendable {
    private static let guestCookie = "kpush_guest"

    let token: Secret
    let door: PageDoor

    func add(to router: Router<BasicRequestContext>) {
        router.get("/sign-in") { request, context in await show(request, context) }
        router.post("/sign-in") { request, context in await signIn(request, context) }
        router.post("/sign-out") { request, context in await signOut(request, context) }
        router.get("/language/:code") { request, context in choose(request, context) }
    }

    /// What the form shows.
    private struct Model: Sendable {
        let to: String
        let isWrong: Bool
    }

    private func show(_ request: Request, _ context: BasicRequestContext) async -> Response {
        let guest = Sessions.draw()
        let visit = door.visit(request, context, nil, guest: guest)
        return await answering(visit, context, guest, request) {
            if door.sessions.session(of: request) != nil {
                return PageDoor.moved(to: Self.target(visit.query))
            }
            return try page(visit, isWrong: false, to: Self.target(visit.query))
        }
    }

    private func signIn(_ request: Request, _ context: BasicRequestContext) async -> Response {
        let guest = request.cookies[Self.guestCookie]?.value ?? ""
        let asked = door.visit(request, context, nil, guest: guest)
        return await answering(asked, context, guest, request) {
            let form = try await door.form(of: request)
            let visit = door.visit(request, context, nil, form: form, guest: guest)
            guard !guest.isEmpty, visit.hasFormToken else { throw Trouble(.forbidden, "") }
            guard token.matches(form["token"]?.trimmingSpaces ?? "") else {
                context.logger.notice("sign-in refused")
                return try page(visit, isWrong: true, to: Self.target(form))
            }
            var response = PageDoor.moved(to: Self.target(form))
            let isHTTPS = PageDoor.isOverHTTPS(request)
            response.setCookie(door.sessions.cookie(door.sessions.open(), overHTTPS: isHTTPS))
            return response
        }
    }

    private func signOut(_ request: Request, _ context: BasicRequestContext) async -> Response {
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

    private func choose(_ request: Request, _ context: BasicRequestContext) -> Response {
        var response = PageDoor.moved(to: Self.target(Visit.pairs(request.uri.query ?? "")))
        if let language = context.parameters.get("code").flatMap({ Language(rawValue: $0) }) {
            response.setCookie(
                Cookie(
                    name: Language.cookieName,
                    value: language.rawValue,
                    maxAge: 365 * 86_400,
                    path: "/",
                    secure: PageDoor.isOverHTTPS(request),
                    httpOnly: true,
                    sameSite: .lax
                )
            )
        }
        return response
    }

    private func page(_ visit: Visit, isWrong: Bool, to: String) throws -> Response {
        var page = Page("sign-in", nil, title: visit.say("sign-in"), Model(to: to, isWrong: isWrong))
        if isWrong { page.status = .forbidden }
        return try door.renderer.response(page, for: visit)
    }

    /// Answers, and lets the browser keep what its next form is checked against.
    private func answering(
        _ visit: Visit,
        _ context: BasicRequestContext,
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
