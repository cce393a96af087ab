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
        let envelope = try await answer(request)
        return Response(
            status: .ok,
            headers: [.contentType: "application/json;charset=UTF-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: envelope.json))
        )
    }

    private func answer(_ request: Request) async throws -> Envelope {
        var call = ExecutorDoor.Call(
            method: request.method.rawValue,
            path: request.uri.path,
            token: ExecutorRoutes.accessToken.flatMap { request.headers[$0] } ?? ""
        )
        if let refusal = door.refusal(of: call) {
            try await skip(request.body)
            return refusal
        }
        do {
            let body = try await request.body.collect(upTo: ExecutorRoutes.bodyLimit)
            call.body = Array(body.readableBytesView)
        } catch is NIOTooManyBytesError {
            return .failure("invalid request, the body exceeds \(ExecutorRoutes.bodyLimit) bytes.")
        }
        return await door.answer(call)
    }

    /// Lets go by what nobody reads: who is busy sending it would not hear the answer.
    private func skip(_ body: RequestBody) async throws {
        var left = ExecutorRoutes.bodyLimit
        for try await piece in body {
            left -= piece.readableBytes
            if left < 0 { return }
        }
    }
}
