import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore

/// Carries HTTP calls to the door and its answers back: always status 200, always JSON.
struct ExecutorRoutes: HTTPResponder {
    typealias Context = BasicRequestContext

    let door: ExecutorDoor

    /// The most bytes a body may have.
    static let bodyLimit = 5 << 20

    private static let accessToken = HTTPField.Name(WireHeader.accessToken)

    func respond(to request: Request, context: Context) async throws -> Response {
        let envelope: Envelope
        do {
            let body = try await request.body.collect(upTo: ExecutorRoutes.bodyLimit)
            envelope = await door.answer(
                ExecutorDoor.Call(
                    method: request.method.rawValue,
                    path: request.uri.path,
                    token: ExecutorRoutes.accessToken.flatMap { request.headers[$0] } ?? "",
                    body: Array(body.readableBytesView)
                )
            )
        } catch is NIOTooManyBytesError {
            envelope = .failure("invalid request, the body exceeds \(ExecutorRoutes.bodyLimit) bytes.")
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/json;charset=UTF-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: envelope.json))
        )
    }
}
