package import Groundwork

/// Hands mail to servers over libcurl: a thread for each message that is on its way, connections that are kept.
///
/// libcurl's SMTP has no place in the loop of the HTTP client: it stands still until the server has answered the
/// message's end, and it ends a message that is taken off the wire half-way as if it were whole. On a thread of its
/// own a message holds up nobody, and ends only where it ends.
package final class CurlMailClient: MailClient {
    private let threads: MailThreads

    /// Makes a client; its threads start as they are needed.
    package init(settings: CurlMailClientSettings = CurlMailClientSettings()) {
        threads = MailThreads(settings: settings)
    }

    deinit {
        threads.stop()
    }

    package func send(_ mail: Mail, to server: MailServer) async throws(MailError) -> MailReply {
        try await make(MailCall(mail, to: server))
    }

    package func greet(_ server: MailServer) async throws(MailError) -> MailReply {
        try await make(MailCall(nil, to: server))
    }

    private func make(_ call: MailCall) async throws(MailError) -> MailReply {
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.continuation = continuation
                threads.submit(call)
            }
        } onCancel: {
            threads.cancel(call)
        }
        return try outcome.get()
    }

    /// Ends the client's threads: messages on their way are given up, later ones are never written.
    package func shutdown() {
        threads.stop()
    }
}

/// How much a `CurlMailClient` does at once and keeps.
package struct CurlMailClientSettings: Sendable {
    /// The most messages, and so connections, to one server at once; further ones wait for their turn.
    package var connectionsPerServer = 16
    /// The most messages at once to all servers together.
    package var inFlight = 64
    /// The most messages that may wait for a turn; one more is refused as never written.
    package var waiting = 65_536
    /// How long an unused connection is kept; less than servers commonly do.
    package var idleConnection = Duration.seconds(20)
    /// How long a connection is used at most; servers want to see the end of one at some time.
    package var connectionLifetime = Duration.seconds(300)
    /// Which addresses may be called; nil lets all be.
    package var addresses: AddressGuard?
    /// A file with the certificates of those who vouch for servers, in PEM; nil for the system's.
    package var authorities: String?

    package init() {}
}
