import Groundwork
import HTTPTypes
import Hummingbird
import People
import Scheduler

/// Lets a call of the API through that shows the API token or a user's key; a look from a signed-in page counts as well.
struct AccessControl: RouterMiddleware {
    typealias Context = ConsoleContext

    private static let scheme = "bearer "

    let token: Secret
    let keys: ApiKeyService
    let sessions: Sessions
    let gate: AccessGate
    let trail: AuditTrail

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let (caller, way) = try await known(request) else { throw Unauthorized() }
        try await gate.check(caller, request, context)
        var told = context
        told.caller = caller
        told.isWelcome = {
            guard let (caller, _) = try await known(request) else { return false }
            do {
                try await gate.check(caller, request, context)
                return true
            } catch is Forbidden { return false } catch SchedulerError.notFound { return false }
        }
        return try await trail.following(caller, by: way, request, told) { [told] in
            try await next(request, told)
        }
    }

    /// Who asks, and how that is known; nil when nobody can tell.
    private func known(_ request: Request) async throws -> (caller: Caller, way: AuditActor.Way)? {
        if let shown = Self.bearer(of: request) {
            if token.matches(shown.reveal()) { return (.token, .token) }
            guard let holder = try await keys.holder(of: shown) else { return nil }
            return (Caller(holder.user, with: holder.key), .key)
        }
        // For reading only: another site can make a browser send a form along with its cookies.
        guard request.method == .get, let session = sessions.session(of: request),
            let caller = try await gate.caller(of: session)
        else { return nil }
        return (caller, .page)
    }

    private static func bearer(of request: Request) -> Secret? {
        guard let shown = request.headers[.authorization],
            shown.prefix(scheme.count).lowercased() == scheme
        else { return nil }
        return Secret(String(shown.dropFirst(scheme.count)))
    }
}
