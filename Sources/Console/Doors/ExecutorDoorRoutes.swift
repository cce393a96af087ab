import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import Scheduler

/// The doors that executors of every generation call, at both prefixes that their clients know.
///
/// They prove themselves by their own token. Whatever happens, they get a status of 200 and an envelope.
struct ExecutorDoorRoutes {
    let door: ExecutorDoor

    /// The most bytes a body may have: callbacks carry messages of up to 50,000 characters, and fifty of those at a time.
    private static let bodyLimit = 16 << 20

    private static let accessToken = HTTPField.Name(WireHeader.accessToken)
    private static let appName = HTTPField.Name(WireHeader.appName)

    func add(to router: some RouterMethods<ConsoleContext>) {
        router.route(.post, "api/:name", answer)
        router.route(.post, "xxl-job-admin/api/:name", answer)
    }

    @Sendable private func answer(_ call: Call) async -> Response {
        let envelope: Envelope
        do {
            let body = try await call.bytes(upTo: Self.bodyLimit)
            let caller = ExecutorDoor.Caller(
                accessToken: Self.accessToken.flatMap { call.request.headers[$0] },
                appName: Self.appName.flatMap { call.request.headers[$0] }
            )
            envelope = await door.answer(call.segment("name"), body, from: caller)
        } catch {
            envelope = .failure("invalid request, the body cannot be read or is too large.")
        }
        return Response(
            status: .ok,
            headers: [.contentType: "application/json;charset=UTF-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: envelope.json))
        )
    }
}
