import Groundwork
import Synchronization

/// One message on its way to a server, or a mere greeting, and the task that waits for the reply.
///
/// `@unchecked Sendable`: all but the continuation is constant or atomic. The caller sets that before it submits the call,
/// and only who has the call to itself takes it: the thread that carries it, or whoever took it off the line under the
/// lock of the threads, which orders the two.
final class MailCall: @unchecked Sendable {
    /// The message; nil when the server is only greeted.
    let mail: Mail?
    let server: MailServer
    /// What connections are counted by.
    let origin: String
    /// When the whole call has to be over, its wait for a turn included.
    let deadline: ContinuousClock.Instant
    /// Whether the caller gave up.
    let isCancelled = Atomic<Bool>(false)
    var continuation: CheckedContinuation<Result<MailReply, MailError>, Never>?

    /// Checks what libcurl would write out as it is: a line break would end a command early.
    init(_ mail: Mail?, to server: MailServer) throws(MailError) {
        guard !server.host.isEmpty, server.host.utf8.allSatisfy(Self.isOfHost),
            (1...65_535).contains(server.port)
        else { throw MailError(.badEnvelope, detail: "not a host and a port") }
        guard server.greeting.utf8.allSatisfy({ Self.isOfHost($0) && $0 != UInt8(ascii: ":") }) else {
            throw MailError(.badEnvelope, detail: "the greeting is not a domain")
        }
        for text in [server.user, server.password.reveal()] where text.utf8.contains(0) {
            throw MailError(.badEnvelope, detail: "the credentials hold a zero byte")
        }
        if let mail {
            guard mail.sender.utf8.allSatisfy(Self.isOfAddress) else {
                throw MailError(.badEnvelope, detail: "the sender holds a character that is not allowed")
            }
            guard !mail.recipient.isEmpty, mail.recipient.utf8.allSatisfy(Self.isOfAddress) else {
                throw MailError(.badEnvelope, detail: "the recipient holds a character that is not allowed")
            }
            guard !mail.message.isEmpty else { throw MailError(.badEnvelope, detail: "no message") }
        }
        self.mail = mail
        self.server = server
        origin = "\(server.host.lowercased()):\(server.port)"
        deadline = ContinuousClock.now + server.timeouts.total
    }

    /// What libcurl is told to connect to; the path is what it calls us in its greeting.
    var url: String {
        let scheme = server.security == .implicitTLS ? "smtps" : "smtp"
        let host = server.host.utf8.contains(UInt8(ascii: ":")) ? "[\(server.host)]" : server.host
        return "\(scheme)://\(host):\(server.port)/\(server.greeting)"
    }

    /// Gives the caller its answer; a second one is ignored.
    func finish(_ outcome: Result<MailReply, MailError>) {
        continuation?.resume(returning: outcome)
        continuation = nil
    }

    private static func isOfAddress(_ byte: UInt8) -> Bool {
        0x21...0x7E ~= byte && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">")
    }

    /// A name's letters, or those of an address of version 6.
    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
