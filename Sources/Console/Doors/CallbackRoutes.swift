import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine

/// Where suppliers post receipts: an address for each account, which is its own secret.
struct CallbackRoutes {
    let receipts: ReceiptDesk
    let address: ReceiptAddress

    func add(to router: some RouterMethods<ConsoleContext>) {
        router.route(.post, "callbacks/:account/:code", receive)
        // Some suppliers ask first whether the door is ours.
        router.route(.get, "callbacks/:account/:code", receive)
    }

    /// Takes receipts; they are stored when the supplier hears that all is well, and are sent again otherwise.
    @Sendable private func receive(_ call: Call) async throws -> CallbackReply {
        guard let number = Int64(call.segment("account")), number > 0,
            case let id = AccountID(rawValue: number), address.matches(call.request.uri.path, id),
            let limit = try await receipts.callbackLimit(of: id),
            let answer = try await receipts.receive(callback(call, upTo: limit), for: id)
        else { throw Hummingbird.HTTPError(.notFound) }
        return CallbackReply(answer: answer)
    }

    private func callback(_ call: Call, upTo limit: Int) async throws -> SupplierCallback {
        SupplierCallback(
            method: call.request.method.rawValue,
            query: call.parameters,
            headers: call.request.headers.map { ($0.name.canonicalName, $0.value) },
            body: try await call.bytes(upTo: limit)
        )
    }
}

/// What a supplier expects to hear, in order not to post again.
private struct CallbackReply: ResponseGenerator {
    let answer: CallbackAnswer

    func response(from request: Request, context: some RequestContext) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: answer.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}
