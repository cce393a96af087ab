import Groundwork
import HTTPTypes
import Hummingbird

/// Lets a call of the API through that shows the API token; a look from a signed-in page counts as well.
struct AccessControl: RouterMiddleware {
    typealias Context = ConsoleContext

    private static let scheme = "bearer "

    let token: Secret
    let sessions: Sessions
    let gate: AccessGate

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let caller = try await caller(request) else { throw Unauthorized() }
        try await gate.check(caller, request, context)
        var context = context
        context.caller = caller
        return try await next(request, context)
    }

    private func caller(_ request: Request) async throws -> Caller? {
        if showsToken(request) { return .token }
        // For reading only: another site can make a browser send a form along with its cookies.
        guard request.method == .get, let session = sessions.session(of: request) else { return nil }
        return try await gate.caller(of: session)
    }

    private func showsToken(_ request: Request) -> Bool {
        guard let shown = request.headers[.authorization],
            shown.prefix(Self.scheme.count).lowercased() == Self.scheme
        else { return false }
        return token.matches(String(shown.dropFirst(Self.scheme.count)))
    }
}
