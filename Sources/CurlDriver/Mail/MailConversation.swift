import Groundwork

/// Follows what is said between us and a mail server, to know what a reply replies to.
struct MailConversation {
    /// What was asked last.
    private(set) var stage = MailReply.Stage.greeting
    /// The reply to it; nil while it is awaited.
    private(set) var reply: MailReply?
    /// Whether the server has said anything.
    private(set) var hasBegun = false
    /// Whether the message may have been written to its end.
    private(set) var hasEnded = false
    /// Whether we have said goodbye: what follows is of no interest.
    private(set) var isOver = false
    private var lines: [String] = []
    /// The server waits for a part of the credentials, which may look like anything.
    private var isAskedForMore: Bool { stage == .signIn && reply?.code == 334 }

    /// Notes a command that is written.
    mutating func write(command: some Collection<UInt8>) {
        guard !isOver else { return }
        guard isAskedForMore || Self.word(command) != "QUIT" else {
            isOver = true
            return
        }
        if !isAskedForMore { stage = Self.stage(of: command) }
        reply = nil
    }

    /// Notes that the message is written to its end, or is about to be.
    mutating func writeEnd() {
        hasEnded = true
        stage = .message
        reply = nil
    }

    /// Notes a line of the server's.
    mutating func read(line bytes: some Collection<UInt8>) {
        guard !isOver else { return }
        let line = String(decoding: bytes, as: UTF8.self).trimming()
        guard let code = Int(line.prefix(3)), line.count >= 3 else { return }
        hasBegun = true
        if lines.count < Self.lineLimit { lines.append(String(line.dropFirst(4))) }
        guard line.dropFirst(3).first != "-" else { return }
        reply = Self.reply(stage, code, lines)
        lines = []
    }

    private static let lineLimit = 32

    private static func word(_ command: some Collection<UInt8>) -> String {
        String(decoding: command.prefix(9).prefix { $0 > 0x20 }, as: UTF8.self).uppercased()
    }

    private static func stage(of command: some Collection<UInt8>) -> MailReply.Stage {
        switch word(command) {
        case "EHLO", "HELO", "STARTTLS": .greeting
        case "AUTH": .signIn
        case "MAIL": .sender
        case "RCPT": .recipient
        case "DATA": .data
        default: .other
        }
    }

    private static func reply(_ stage: MailReply.Stage, _ code: Int, _ lines: [String]) -> MailReply {
        let enhancedCode = lines.first.flatMap { Self.enhancedCode(in: $0, of: code) }
        let texts = lines.map { line in
            let starts = enhancedCode.map { line.hasPrefix($0) } ?? false
            return (starts ? String(line.dropFirst(enhancedCode?.count ?? 0)) : line).trimming()
        }
        return MailReply(
            stage: stage,
            code: code,
            enhancedCode: enhancedCode,
            text: texts.filter { !$0.isEmpty }.joined(separator: " ")
        )
    }

    /// Three numbers, the first of which is that of the code (RFC 2034).
    private static func enhancedCode(in line: String, of code: Int) -> String? {
        let word = line.prefix { $0 != " " }
        let numbers = word.split(separator: ".", omittingEmptySubsequences: false)
        guard numbers.count == 3, numbers.allSatisfy({ (1...3).contains($0.count) && Int($0) != nil }),
            Int(numbers[0]) == code / 100
        else { return nil }
        return String(word)
    }
}
