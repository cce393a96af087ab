import Hummingbird
import TestKit

/// An ordinary HTTP server on loopback that tells what it received.
enum EchoServer {
    /// Serves while `body` runs, handing it the server's address.
    static func serve(_ body: @escaping @Sendable (String) async throws -> Void) async throws {
        try await LoopbackServer.serve(router().buildResponder()) { port in
            try await body("http://127.0.0.1:\(port)")
        }
    }

    private static func router() -> Router<BasicRequestContext> {
        let router = Router()
        for path in ["/echo", "/echo/**"] {
            router.post(RouterPath(path)) { request, _ in
                var request = request
                let body = try await request.collectBody(upTo: 8 << 20)
                return Response(
                    status: .ok,
                    headers: [.contentType: "application/octet-stream"],
                    body: ResponseBody(byteBuffer: body)
                )
            }
        }
        for method: HTTPRequest.Method in [.get, .post, .put, .delete, .patch, .head] {
            router.on("/method", method: method) { request, _ in
                Response(status: .ok, headers: [.server: "\(request.method)"])
            }
            router.on("/fields", method: method) { request, _ in
                let lines =
                    request.headers.map { "\($0.name): \($0.value)" } + [
                        "Host: \(request.head.authority ?? "")"
                    ]
                return lines.joined(separator: "\n")
            }
        }
        router.get("/moved") { _, _ in Response.redirect(to: "/method", type: .found) }
        router.get("/status/{code}") { _, context in
            Response(status: .init(code: try context.parameters.require("code", as: Int.self)))
        }
        router.get("/target/**") { request, _ in request.uri.description }
        return router
    }
}
