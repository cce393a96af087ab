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
        let caller = ExecutorDoor.Caller(
            accessToken: Self.accessToken.flatMap { call.request.headers[$0] },
            appName: Self.appName.flatMap { call.request.headers[$0] }
        )
        var isRead = false
        let envelope = await door.answer(call.segment("name"), from: caller) {
            isRead = true
            return try await call.bytes(upTo: Self.bodyLimit)
        }
        if !isRead { await skip(call.request.body) }
        return Response(
            status: .ok,
            headers: [.contentType: "application/json;charset=UTF-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: envelope.json))
        )
    }

    /// Lets go by what nobody reads: who is busy sending it would not hear the answer.
    private func skip(_ body: RequestBody) async {
        var left = Self.bodyLimit
        do {
            for try await piece in body {
                left -= piece.readableBytes
                if left < 0 { return }
            }
        } catch {
            // Whoever sent it is gone, and hears no answer.
        }
    }
}
