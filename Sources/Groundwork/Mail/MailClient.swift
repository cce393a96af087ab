/// Hands mail to servers that deliver it.
///
/// Connections are kept for the next message to the same server. Cancelling the calling task ends the call. No message
/// is written twice, whatever happens on the way.
package protocol MailClient: Sendable {
    /// Hands one message for one recipient to a server and returns the server's last word on it, be it a refusal.
    ///
    /// - Parameters:
    ///   - mail: the message and its envelope.
    ///   - server: who takes it.
    /// - Returns: the reply that ended the conversation: to the message itself, or to the command that was refused.
    /// - Throws: `MailError`, which tells whether the server may have taken the message.
    func send(_ mail: Mail, to server: MailServer) async throws(MailError) -> MailReply

    /// Connects and signs in as for a message, and sends none.
    ///
    /// - Parameter server: who is called.
    /// - Returns: the reply that ended the conversation.
    /// - Throws: `MailError` when there is none.
    func greet(_ server: MailServer) async throws(MailError) -> MailReply
}

/// One message for one recipient, and its envelope.
package struct Mail: Sendable {
    /// Where the server sends what it could not deliver; empty for nowhere.
    package var sender: String
    package var recipient: String
    /// The message with its header, lines ended by CR LF; dots at their beginnings are the client's business.
    package var message: [UInt8]

    package init(from sender: String, to recipient: String, message: [UInt8]) {
        self.sender = sender
        self.recipient = recipient
        self.message = message
    }
}

/// A server that takes mail, and how it is spoken to.
package struct MailServer: Hashable, Sendable {
    /// What keeps the conversation from other eyes.
    package enum Security: Hashable, Sendable {
        /// Nothing: for servers of this host and of closed networks.
        case plain
        /// The connection begins in the open and is secured before anything is said; without that, nothing is.
        case startTLS
        /// The connection is secured from its first byte.
        case implicitTLS
    }

    package var host: String
    package var port: Int
    package var security: Security
    /// Who signs in; empty when nobody does.
    package var user: String
    package var password: Secret
    /// What we call ourselves in our greeting, a domain; empty for this host's name.
    package var greeting: String
    package var timeouts: MailTimeouts

    package init(
        host: String,
        port: Int,
        security: Security,
        user: String = "",
        password: Secret = Secret(""),
        greeting: String = "",
        timeouts: MailTimeouts = MailTimeouts()
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.user = user
        self.password = password
        self.greeting = greeting
        self.timeouts = timeouts
    }
}

/// The limits of one message, by phase.
package struct MailTimeouts: Hashable, Sendable {
    /// Name look-up, TCP and TLS together.
    package var connect: Duration
    /// The whole call, its wait for a connection included.
    package var total: Duration

    /// Makes limits; the defaults are 5 s to connect and 20 s in all, since servers look into a message before they
    /// answer.
    package init(connect: Duration = .seconds(5), total: Duration = .seconds(20)) {
        self.connect = connect
        self.total = total
    }
}

/// What a server said to one command.
package struct MailReply: Hashable, Sendable {
    /// What it replied to.
    package enum Stage: String, Sendable {
        /// Being connected to, greeted or asked to secure the connection.
        case greeting
        /// The credentials.
        case signIn = "sign_in"
        /// The envelope's sender.
        case sender
        /// The envelope's recipient.
        case recipient
        /// The wish to send a message.
        case data
        /// The message.
        case message
        /// Anything else.
        case other
    }

    package let stage: Stage
    /// The three digits, such as 250.
    package let code: Int
    /// The three numbers of RFC 3463, such as `5.1.1`; nil when the server does not give them.
    package let enhancedCode: String?
    /// What it said beside them, its lines joined by blanks.
    package let text: String

    package init(stage: Stage, code: Int, enhancedCode: String? = nil, text: String = "") {
        self.stage = stage
        self.code = code
        self.enhancedCode = enhancedCode
        self.text = text
    }

    /// Whether the server did what it was asked for.
    package var isPositive: Bool { (200...399).contains(code) }
}

/// Why a server's word on a message is not known, and whether it may have taken the message.
package struct MailError: Error, Sendable, CustomStringConvertible {
    /// The phase in which the call ended.
    package enum Code: String, Sendable {
        /// An address, a host or a message that cannot be written as it is.
        case badEnvelope = "bad_envelope"
        /// The server's address is one that this client must not call.
        case addressRefused = "address_refused"
        /// The name has no address, or nothing accepts the connection.
        case unreachable
        /// The time to connect, or to wait for a turn, ran out.
        case connectTimeout = "connect_timeout"
        /// The connection cannot be secured: no TLS, or a certificate that is not the server's.
        case notSecure = "not_secure"
        /// The server offers no way to sign in that is known here.
        case noSignIn = "no_sign_in"
        /// The connection broke before the message's end was written.
        case brokenBeforeEnd = "broken_before_end"
        /// The time for the whole call ran out before the message's end was written.
        case timeoutBeforeEnd = "timeout_before_end"
        /// The caller's task was cancelled before the message's end was written.
        case cancelledBeforeEnd = "cancelled_before_end"
        /// The message was written to its end and no reply came.
        case noReply = "no_reply"
        /// The time for the whole call ran out after the message's end was written.
        case replyTimeout = "reply_timeout"
        /// The caller's task was cancelled after the message's end was written.
        case cancelled
    }

    package let code: Code
    /// What the transport said; never holds an address of a person, a message or a secret.
    package let detail: String

    package init(_ code: Code, detail: String = "") {
        self.code = code
        self.detail = detail
    }

    /// Whether the server may have taken the message: if so, no other may be asked to deliver it.
    package var mayHaveArrived: Bool {
        switch code {
        case .noReply, .replyTimeout, .cancelled: true
        case .badEnvelope, .addressRefused, .unreachable, .connectTimeout, .notSecure, .noSignIn,
            .brokenBeforeEnd, .timeoutBeforeEnd, .cancelledBeforeEnd:
            false
        }
    }

    package var description: String {
        detail.isEmpty ? "mail: \(code.rawValue)" : "mail: \(code.rawValue): \(detail)"
    }
}
