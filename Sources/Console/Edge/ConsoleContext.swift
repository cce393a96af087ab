import HTTPTypes
import Hummingbird
import NIOCore

/// What is known of a request beside its text: where it comes from, and who asks.
struct ConsoleContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who asks, once that is known; nil where nobody needs to be.
    var caller: Caller?
    /// Whether who asked would still get in: long answers end when a session does, or a key is taken away.
    var isWelcome: @Sendable () async throws -> Bool = { true }
    /// What the audit trail is told of the request.
    let note = AuditNote()
    private let peer: SocketAddress?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress
    }

    /// The address that a request comes from, without its port.
    ///
    /// What a proxy says of whom it speaks for is believed of one on this host alone, and of that only the last entry,
    /// which it added itself: everything before it was written by the client.
    func address(of request: Request) -> String {
        let direct = peer?.ipAddress ?? ""
        guard direct == "127.0.0.1" || direct == "::1", let name = HTTPField.Name("X-Forwarded-For"),
            let last = request.headers[name]?.split(separator: ",").last.map({ String($0).trimmingSpaces }),
            !last.isEmpty, last.utf8.count <= 45
        else { return direct }
        return last
    }
}
