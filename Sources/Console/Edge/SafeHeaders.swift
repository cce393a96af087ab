import HTTPTypes
import Hummingbird

/// Tells browsers not to guess, frame, remember or tell others about what they are shown.
///
/// A route that sets one of these itself keeps its own.
struct SafeHeaders: RouterMiddleware {
    typealias Context = ConsoleContext

    private static let contentPolicy = HTTPField.Name("Content-Security-Policy")
    private static let fields: [(HTTPField.Name?, String)] = [
        (HTTPField.Name("X-Content-Type-Options"), "nosniff"),
        (HTTPField.Name("X-Frame-Options"), "DENY"),
        (HTTPField.Name("Referrer-Policy"), "no-referrer"),
        (contentPolicy, "default-src 'none'; frame-ancestors 'none'"),
        (.cacheControl, "no-store"),
    ]

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for case (let name?, let value) in Self.fields where response.headers[name] == nil {
            response.headers[name] = value
        }
        return response
    }
}
