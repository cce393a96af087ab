import Groundwork
import PushEngine
import Testing

@testable import Suppliers

@Suite struct SMTPCodesTests {
    private static func refusal(
        _ stage: MailReply.Stage,
        _ code: Int,
        _ enhancedCode: String? = nil,
        _ text: String = ""
    ) -> Refusal? {
        let reply = MailReply(stage: stage, code: code, enhancedCode: enhancedCode, text: text)
        let verdict = SMTPCodes.verdict(on: reply, id: "k.1@example.org", recipient: "someone@example.com")
        guard case .refused(let refusal) = verdict else { return nil }
        return refusal
    }

    @Test(
        arguments: [
            (.greeting, 421, nil, .transient), (.greeting, 454, "4.7.0", .transient),
            (.greeting, 554, nil, .badConfig),
            (.signIn, 535, "5.7.8", .badConfig), (.signIn, 535, nil, .badConfig),
            (.signIn, 534, "5.7.9", .badConfig),
            (.signIn, 454, "4.7.0", .transient), (.sender, 530, "5.7.0", .badConfig),
            (.sender, 530, nil, .badConfig),
            (.sender, 553, "5.1.8", .badConfig), (.sender, 550, "5.7.1", .badConfig),
            (.sender, 552, "5.3.4", .badContent),
            (.sender, 552, nil, .badContent), (.sender, 452, "4.3.1", .transient),
            (.recipient, 550, "5.1.1", .badRecipient), (.recipient, 550, nil, .badRecipient),
            (.recipient, 551, nil, .badRecipient), (.recipient, 553, "5.1.3", .badRecipient),
            (.recipient, 550, "5.1.10", .badRecipient), (.recipient, 550, "5.2.1", .badRecipient),
            (.recipient, 550, "5.4.1", .badRecipient), (.recipient, 501, "5.1.3", .badRecipient),
            (.recipient, 552, "5.2.2", .recipientLater), (.recipient, 552, nil, .recipientLater),
            (.recipient, 452, "4.2.2", .recipientLater), (.recipient, 450, "4.2.0", .recipientLater),
            (.recipient, 451, "4.7.1", .recipientLater), (.recipient, 451, "4.3.0", .transient),
            (.recipient, 550, "5.7.1", .badConfig),
            (.recipient, 554, "5.7.1", .badConfig), (.recipient, 550, "5.1.8", .badConfig),
            (.recipient, 554, nil, .badContent), (.recipient, 503, "5.5.1", .badContent),
            (.data, 451, nil, .transient), (.data, 554, "5.5.1", .badContent),
            (.message, 554, "5.7.1", .badContent), (.message, 554, nil, .badContent),
            (.message, 552, "5.3.4", .badContent), (.message, 552, nil, .badContent),
            (.message, 550, "5.7.1", .badConfig), (.message, 550, "5.7.26", .badConfig),
            (.message, 550, "5.1.1", .badRecipient), (.message, 550, nil, .badContent),
            (.message, 552, "5.2.2", .recipientLater), (.message, 451, "4.3.0", .transient),
            (.message, 421, nil, .transient),
            (.message, 500, nil, .badContent),
        ] as [(MailReply.Stage, Int, String?, Refusal.Class)]
    )
    func `a refusal's class follows from its code and from what it was to`(
        stage: MailReply.Stage,
        code: Int,
        enhancedCode: String?,
        fault: Refusal.Class
    ) {
        let refusal = Self.refusal(stage, code, enhancedCode)
        #expect(refusal?.fault == fault)
        #expect(refusal?.code == "smtp.\(code)" + (enhancedCode.map { ".\($0)" } ?? ""))
    }

    @Test func `a server that makes strangers wait is left alone for five minutes`() {
        #expect(Self.refusal(.recipient, 450, "4.2.0")?.wait == .seconds(300))
        #expect(Self.refusal(.recipient, 451)?.wait == .seconds(300))
        #expect(Self.refusal(.recipient, 421)?.wait == .seconds(60))
        #expect(Self.refusal(.recipient, 552, "5.2.2")?.wait == .seconds(1_800))
        #expect(Self.refusal(.recipient, 550, "5.1.1")?.wait == nil)
    }

    @Test func `a message that was taken is known by its id`() {
        let reply = MailReply(stage: .message, code: 250, text: "queued as 7")
        #expect(SMTPCodes.verdict(on: reply, id: "k.1@e.org") == .accepted(reference: "k.1@e.org", charge: 0))
    }

    @Test func `a server's words do not tell who the message was for`() {
        let refusal = Self.refusal(.recipient, 550, "5.1.1", "<someone@example.com>: no such user")
        #expect(refusal?.message == "<(recipient)>: no such user")
    }

    @Test(
        arguments: [
            (.badEnvelope, .badConfig), (.addressRefused, .badConfig), (.notSecure, .badConfig),
            (.noSignIn, .badConfig), (.unreachable, .transient), (.connectTimeout, .transient),
            (.brokenBeforeEnd, .transient), (.timeoutBeforeEnd, .transient),
            (.cancelledBeforeEnd, .transient),
            (.noReply, nil), (.replyTimeout, nil), (.cancelled, nil),
        ] as [(MailError.Code, Refusal.Class?)]
    )
    func `a conversation without a last word is a refusal only before the message's end`(
        code: MailError.Code,
        fault: Refusal.Class?
    ) {
        #expect(SMTPCodes.verdict(on: MailError(code)).fault == fault)
        #expect(SMTPCodes.verdict(on: MailError(code)).isAmbiguous == (fault == nil))
    }
}
