import Groundwork
import PushEngine

/// What a mail server's replies mean (RFC 5321, 4.2; RFC 3463).
enum SMTPCodes {
    /// What a reply means for a message.
    ///
    /// - Parameters:
    ///   - reply: the reply that ended the conversation.
    ///   - id: the message's id.
    ///   - recipient: who it was for; servers like to repeat the address, which goes into no log.
    /// - Returns: the verdict.
    static func verdict(on reply: MailReply, id: String = "", recipient: String = "") -> SupplierVerdict {
        if reply.isPositive {
            // A server that took something else than the message has taken no message.
            return reply.stage == .message
                ? .accepted(reference: id, charge: 0)
                : .refused(Refusal(.transient, code: "smtp.\(reply.code)"))
        }
        let (fault, wait) = fault(of: reply)
        let code = "smtp.\(reply.code)" + (reply.enhancedCode.map { ".\($0)" } ?? "")
        var text = reply.text
        if !recipient.isEmpty { text = text.replacing(recipient, with: "(recipient)") }
        return .refused(Refusal(fault, code: code, message: text, wait: wait))
    }

    /// What the end of a conversation without a word means for a message.
    static func verdict(on error: MailError) -> SupplierVerdict {
        if error.mayHaveArrived { return .ambiguous(detail: error.description) }
        let fault: Refusal.Class =
            switch error.code {
            case .badEnvelope, .addressRefused, .notSecure, .noSignIn: .badConfig
            default: .transient
            }
        return .refused(Refusal(fault, code: "smtp.\(error.code.rawValue)", message: error.detail))
    }

    private typealias Judgement = (fault: Refusal.Class, wait: Duration?)

    /// How long a server that knows no sender yet wants to wait (greylisting).
    private static let greyWait = Duration.seconds(300)
    private static let busyWait = Duration.seconds(60)
    private static let fullWait = Duration.seconds(1_800)

    private static func fault(of reply: MailReply) -> Judgement {
        switch reply.code {
        case 421: return (.transient, busyWait)
        // What is said of a recipient is not about the server, nor will it be otherwise at once.
        case 400...499 where reply.stage == .recipient && reply.enhancedCode?.hasPrefix("4.3.") != true:
            return (.recipientLater, reply.enhancedCode == "4.2.2" ? fullWait : greyWait)
        case 400...499 where reply.enhancedCode == "4.2.2": return (.recipientLater, fullWait)
        case 450, 451: return (.transient, greyWait)
        case 400...499: return (.transient, busyWait)
        case 530, 534, 535, 538: return (.badConfig, nil)
        default: break
        }
        switch reply.stage {
        case .greeting, .signIn: return (.badConfig, nil)
        case .sender: return reply.isAboutSize ? (.badContent, nil) : (.badConfig, nil)
        case .recipient: return ofRecipient(reply)
        case .data, .message, .other: return ofMessage(reply)
        }
    }

    private static func ofRecipient(_ reply: MailReply) -> Judgement {
        switch reply.enhancedCode ?? "" {
        case "5.1.7", "5.1.8": return (.badConfig, nil)
        case "5.2.2": return (.recipientLater, fullWait)
        case "5.2.3": return (.badContent, nil)
        case let code where code.hasPrefix("5.1.") || code.hasPrefix("5.2.") || code == "5.4.1":
            return (.badRecipient, nil)
        // Relaying denied, or a sender that may not send.
        case let code where code.hasPrefix("5.7."): return (.badConfig, nil)
        default: break
        }
        return switch reply.code {
        case 501, 550, 551, 553: (.badRecipient, nil)
        case 552: (.recipientLater, fullWait)
        default: (.badContent, nil)
        }
    }

    private static func ofMessage(_ reply: MailReply) -> Judgement {
        switch reply.enhancedCode ?? "" {
        case "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1": return (.badRecipient, nil)
        case "5.2.2": return (.recipientLater, fullWait)
        // The sender's rights and proofs: signing in, SPF, DKIM, DMARC, the name of its address.
        case "5.7.8", "5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.24", "5.7.25", "5.7.26", "5.7.27":
            return (.badConfig, nil)
        case "5.7.1" where reply.code == 550: return (.badConfig, nil)
        default: break
        }
        return reply.code == 551 ? (.badRecipient, nil) : (.badContent, nil)
    }
}

extension MailReply {
    /// Whether the message is larger than the server takes.
    fileprivate var isAboutSize: Bool {
        code == 552 || enhancedCode == "5.3.4" || enhancedCode == "5.2.3"
    }
}
