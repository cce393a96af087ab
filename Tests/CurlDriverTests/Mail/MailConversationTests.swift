import Groundwork
import Testing

@testable import CurlDriver

@Suite struct MailConversationTests {
    private var conversation = MailConversation()

    private mutating func say(_ command: String, _ lines: String...) {
        conversation.write(command: "\(command)\r\n".utf8)
        for line in lines { conversation.read(line: "\(line)\r\n".utf8) }
    }

    @Test mutating func `a reply is to the command before it`() {
        say("EHLO example.org", "250-mail.test", "250 SIZE 1000")
        #expect(conversation.reply == MailReply(stage: .greeting, code: 250, text: "mail.test SIZE 1000"))
        say("MAIL FROM:<a@example.org>", "250 2.1.0 fine")
        let fine = MailReply(stage: .sender, code: 250, enhancedCode: "2.1.0", text: "fine")
        #expect(conversation.reply == fine)
        say("RCPT TO:<b@example.org>", "550-5.1.1 no such", "550 5.1.1 user")
        let refused = MailReply(stage: .recipient, code: 550, enhancedCode: "5.1.1", text: "no such user")
        #expect(conversation.reply == refused)
    }

    @Test mutating func `what was answered before says nothing about what is asked now`() {
        say("RCPT TO:<b@example.org>", "250 fine")
        say("DATA")
        #expect(conversation.reply == nil)
        conversation.read(line: "354 go on".utf8)
        #expect(conversation.reply?.code == 354)
        conversation.writeEnd()
        #expect(conversation.reply == nil)
        #expect(conversation.hasEnded)
        conversation.read(line: "250 2.0.0 queued".utf8)
        #expect(conversation.reply?.stage == .message)
    }

    @Test mutating func `half a reply is none`() {
        say("MAIL FROM:<>", "250-one", "250-two")
        #expect(conversation.reply == nil)
        #expect(conversation.hasBegun)
    }

    @Test mutating func `what looks like a command among credentials is none`() {
        say("AUTH LOGIN", "334 VXNlcm5hbWU6")
        say("DATA", "334 UGFzc3dvcmQ6")
        say("QUIT", "535 5.7.8 no")
        let refused = MailReply(stage: .signIn, code: 535, enhancedCode: "5.7.8", text: "no")
        #expect(conversation.reply == refused)
        #expect(!conversation.isOver)
    }

    @Test mutating func `a goodbye leaves the last word as it is`() {
        say("RCPT TO:<b@example.org>", "550 no")
        say("QUIT", "221 bye")
        #expect(conversation.reply?.code == 550)
        #expect(conversation.isOver)
    }

    @Test(
        arguments: [
            ("550 5.1.1 no", "5.1.1"), ("550 no", nil), ("550 5.1 no", nil), ("550 2.1.1 no", nil),
            ("550 5.1.1", "5.1.1"), ("550 5.1234.1 no", nil), ("550 10.0.0.1 no", nil), ("550", nil),
        ] as [(String, String?)]
    )
    mutating func `three numbers that agree with the code are the enhanced code`(line: String, code: String?)
    {
        say("RCPT TO:<b@example.org>", line)
        #expect(conversation.reply?.code == 550)
        #expect(conversation.reply?.enhancedCode == code)
    }

    @Test mutating func `lines without a code are passed over, and a flood of lines is cut`() {
        say("MAIL FROM:<>", "hello", "", "25")
        #expect(conversation.reply == nil)
        for _ in 0..<1_000 { conversation.read(line: "250-x".utf8) }
        conversation.read(line: "250 x".utf8)
        #expect((conversation.reply?.text.count ?? 0) < 100)
    }
}
