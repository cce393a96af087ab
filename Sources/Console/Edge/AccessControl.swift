import Groundwork
import HTTPTypes
import Hummingbird

/// Lets a call through that shows the API token; a look from a signed-in page counts as well.
struct AccessControl: RouterMiddleware {
    typealias Context = BasicRequestContext

    private static let scheme = "bearer "

    let token: Secret
    /// Whether a request comes from somebody who signed in to the pages; asked for reading only.
    let isSignedIn: @Sendable (Request) -> Bool

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard showsToken(request) || (request.method == .get && isSignedIn(request)) else {
            throw Unauthorized()
        }
        return try await next(request, context)
    }

    private func showsToken(_ request: Request) -> Bool {
        guard let shown = request.headers[.authorization],
            shown.prefix(Self.scheme.count).lowercased() == Self.scheme
        else { return false }
        return token.matches(String(shown.dropFirst(Self.scheme.count)))
    }
}
