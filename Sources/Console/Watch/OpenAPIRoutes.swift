import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The description of every door, for people and for generators of clients.
struct OpenAPIRoutes {
    /// The document, as it lies beside the program.
    static let document: Data? = Bundle.module.url(forResource: "openapi", withExtension: "json")
        .flatMap { try? Data(contentsOf: $0) }

    func add(to router: some RouterMethods<ConsoleContext>) {
        router.route(.get, "openapi.json") { _ in
            guard let document = Self.document else { throw Hummingbird.HTTPError(.notFound) }
            return Response(
                status: .ok,
                headers: [.contentType: "application/json;charset=UTF-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: document))
            )
        }
    }
}
