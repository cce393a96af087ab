import Groundwork
import Hummingbird
import Logging

/// Turns every error of a route into an answer, and logs those that are ours.
struct ErrorAnswers: RouterMiddleware {
    typealias Context = ConsoleContext

    func handle(
        _ request: Request,
        context: Context,
        next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let answer = ErrorAnswer(error)
            if answer.isOurs {
                context.logger.error("request not served", metadata: [LogKey.error: "\(error)"])
            }
            return answer.response(trace: context.trace)
        }
    }
}

extension ConsoleContext {
    /// Finds the request's lines in the log; empty where the log keeps no metadata.
    fileprivate var trace: String {
        // `id` of the context would end the process there.
        logger[metadataKey: "hb.request.id"]?.description ?? ""
    }
}
