import HTTPTypes
import Hummingbird
import NIOCore
import PushEngine

/// Where short links lead: to what was stored under their code, and nowhere else.
struct ShortLinkRoutes {
    let desk: LinkDesk

    func add(to router: some RouterMethods<ConsoleContext>) {
        router.route(.get, "s/:code", follow)
        router.route(.head, "s/:code", follow)
    }

    @Sendable private func follow(_ call: Call) async throws -> Response {
        let request = call.request
        let counts = request.method == .get && !Self.isPreview(request.headers)
        guard let url = try await desk.follow(call.segment("code"), counts: counts) else {
            return Response(
                status: .notFound,
                headers: [.contentType: "text/html; charset=utf-8"],
                body: ResponseBody(
                    byteBuffer: ByteBuffer(string: request.method == .head ? "" : Self.nothing)
                )
            )
        }
        return Response(status: .found, headers: [.location: url])
    }

    private static let nothing = """
        <!doctype html><html lang="zh-CN"><meta charset="utf-8">\
        <meta name="viewport" content="width=device-width, initial-scale=1"><title>404</title>\
        <p>链接不存在或已失效。</p><p lang="en">There is no such link.</p></html>
        """

    /// Whether a program asks, to show what lies behind the link or to have it at hand, and no person.
    private static func isPreview(_ headers: HTTPFields) -> Bool {
        let purposes = ["Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"]
            .compactMap { HTTPField.Name($0).flatMap { headers[$0] }?.lowercased() }
        if purposes.contains(where: { $0.contains("prefetch") || $0.contains("preview") }) { return true }
        let agent = headers[.userAgent]?.lowercased() ?? ""
        return previewers.contains { agent.contains($0) }
    }

    private static let previewers = [
        "bot", "spider", "crawler", "preview", "facebookexternalhit", "whatsapp", "slack", "skypeuripreview",
        "embedly", "bingpreview", "mediapartners",
    ]
}
