import Crypto
import Foundation
import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore

/// The style sheet and the script: in memory, each under an address that changes with its content.
struct Assets: Sendable {
    /// One file.
    struct File: Sendable {
        let path: String
        let type: String
        let bytes: ByteBuffer
    }

    let style: File
    let script: File

    init(style: [UInt8], script: [UInt8]) {
        self.style = File(
            path: Self.path("console", style, "css"),
            type: "text/css; charset=utf-8",
            bytes: ByteBuffer(bytes: style)
        )
        self.script = File(
            path: Self.path("console", script, "js"),
            type: "text/javascript; charset=utf-8",
            bytes: ByteBuffer(bytes: script)
        )
    }

    func add(to router: Router<ConsoleContext>) {
        for file in [style, script] {
            let headers: HTTPFields = [
                .contentType: file.type,
                .cacheControl: "public, max-age=31536000, immutable",
            ]
            router.get(RouterPath(file.path)) { _, _ in
                Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
            }
        }
    }

    private static func path(_ name: String, _ bytes: [UInt8], _ suffix: String) -> String {
        "/assets/\(name)-\(SHA256.hash(data: bytes).prefix(8).hexDigits).\(suffix)"
    }
}
