import CryptoExtras
import Foundation
import Groundwork
import LocalServers
import PushEngine
import TestKit
import Testing

@testable import Suppliers

@Suite final class SMTPSupplierTests {
    private let bench: SMTPBench

    init() async throws {
        bench = try await SMTPBench()
    }

    /// Sends one message, which must be taken, and returns it as the server has it.
    private func taken(
        _ content: WireObject = SMTPBench.content,
        values: [String: String] = [:],
        secrets: [String: Secret] = [:],
        http: any HTTPClient = ScriptedHTTPClient(),
        type: MessageType = .notice
    ) async throws -> ReceivedMail {
        let supplier = try await bench.supplier(values: values, secrets: secrets, http: http)
        let reply = await supplier.send(SMTPBench.call(content, type: type))
        guard case .accepted? = reply.verdicts.first else {
            Issue.record("\(reply.verdicts)")
            throw CancellationError()
        }
        let mail = try await bench.server.messages()
        return try #require(mail.last)
    }

    @Test func `a message is what a mail program expects, without a fault`() async throws {
        let mail = try await taken(
            ["title": "Your order", "content": "<p>It is <b>on</b> its way.</p>"],
            values: ["fromName": "The Shop"]
        )
        #expect(mail.defects == [])
        #expect(mail.structure == "multipart/alternative(text/plain,text/html)")
        #expect(mail.subject == "Your order")
        #expect(mail.fromName == "The Shop")
        #expect(mail.fromAddress == "news@example.org")
        #expect(mail.to == SMTPBench.recipient)
        #expect(mail.date == 1_700_000_000)
        #expect(mail.field("Auto-Submitted") == "auto-generated")
        #expect(mail.parts.map(\.text) == ["It is on its way.\r\n", "<p>It is <b>on</b> its way.</p>"])
        #expect(mail.parts.map(\.charset) == ["utf-8", "utf-8"])
        #expect(mail.longestLine <= 76)
        #expect(!mail.hasBareLineBreak)
        #expect(mail.sender == "news@example.org")
        #expect(mail.isSecure)
        #expect(mail.greeting == "example.org")
        #expect(mail.field("List-Unsubscribe") == nil)
        #expect(mail.signature == nil)
    }

    @Test(arguments: [LocalMailServer.Door.startTLS, .implicitTLS, .login])
    func `both ways of securing work, and each way of signing in`(door: LocalMailServer.Door) async throws {
        let reply = await (try await bench.supplier(door)).send(SMTPBench.call(SMTPBench.content))
        let id = "\(MailName(requestKey: "kp1x4z-9c", recipient: SMTPBench.recipient).local)@example.org"
        #expect(reply.verdicts == [.accepted(reference: id, charge: 0)])
        let mail = try await bench.server.messages()
        #expect(mail.map(\.user) == ["kpush@example.com"])
        #expect(mail.map(\.isSecure) == [true])
        #expect(mail.map(\.messageID) == ["<\(id)>"])
    }

    @Test func `a message in the open has to be asked for`() async throws {
        let refused = await (try await bench.supplier(.silent)).send(SMTPBench.call(SMTPBench.content))
        #expect(refused.verdicts.first?.refusal?.code == "smtp.not_secure")
        #expect(refused.verdicts.first?.fault == .badConfig)
        let open = try await bench.supplier(.plain, values: ["starttls": "none"])
        #expect(await open.send(SMTPBench.call(SMTPBench.content)).verdicts.map(\.fault) == [nil])
    }

    @Test func `what is sent again for a call is the same message, and another's is another`() async throws {
        let supplier = try await bench.supplier()
        for key in ["k-1", "k-1", "k-2"] {
            _ = await supplier.send(SMTPBench.call(SMTPBench.content, key: key))
        }
        _ = await supplier.send(SMTPBench.call(SMTPBench.content, to: "other@example.com", key: "k-1"))
        let mail = try await bench.server.messages()
        try #require(mail.count == 4)
        #expect(mail[0].raw == mail[1].raw)
        #expect(Set(mail.map(\.messageID)).count == 3)
    }

    @Test(
        arguments: [
            "验证码通知", String(repeating: "很长的标题", count: 30), "Größe 😀 " + String(repeating: "ü", count: 99),
            "👨‍👩‍👧‍👦 family", "=?UTF-8?B?6aqM?=", String(repeating: "word ", count: 60) + "end",
            "a" + String(repeating: "b", count: 300),
        ]
    )
    func `titles and names in all scripts arrive as they were written`(title: String) async throws {
        let mail = try await taken(
            ["title": .text(title), "content": "<p>x</p>"],
            values: ["fromName": String(title.prefix(40))]
        )
        #expect(mail.subject == title)
        #expect(mail.fromName == String(title.prefix(40)).trimmingCharacters(in: .whitespaces))
        #expect(mail.fromAddress == "news@example.org")
        #expect(mail.defects == [])
        #expect(mail.longestLine <= 76)
    }

    @Test func `a page with long lines, dots and all scripts arrives as it was written`() async throws {
        let page =
            "<p>" + String(repeating: "很长。", count: 5_000) + "</p>\n.\n..\r\n.QUIT\r"
            + String(repeating: "x", count: 9_000)
        let mail = try await taken(["title": "long", "content": .text(page), "text": ".\r\nplain\n."])
        #expect(mail.parts.map(\.text) == [".\r\nplain\n.", page])
        #expect(mail.longestLine <= 76)
        #expect(!mail.hasBareLineBreak)
        #expect(mail.defects == [])
    }

    @Test(
        arguments: ["a\r\nBcc: someone@example.net", "a\nb", "a\rb", "a\u{0}b", "a\u{85}b", "a\u{7F}"]
    )
    func `a title that would write fields of its own is refused`(title: String) async throws {
        let supplier = try await bench.supplier()
        let reply = await supplier.send(SMTPBench.call(["title": .text(title), "content": "<p>x</p>"]))
        #expect(reply.verdicts.first?.refusal?.code == "kpush.header_injection")
        #expect(reply.verdicts.first?.fault == .badContent)
        #expect(try await bench.server.messages().isEmpty)
    }

    @Test func `where more advertisements are not wanted can be said with one click`() async throws {
        let values = ["unsubscribe": "https://example.org/u?who={$recipient}&id={$messageId}"]
        let mail = try await taken(values: values, type: .marketing)
        #expect(mail.field("Auto-Submitted") == nil)
        let id = mail.messageID?.trimmingCharacters(in: ["<", ">"]).replacing("@", with: "%40") ?? ""
        #expect(
            mail.field("List-Unsubscribe") == "<https://example.org/u?who=someone%40example.com&id=\(id)>"
        )
        #expect(mail.field("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click")
        let byMail = try await taken(values: ["unsubscribe": "mailto:stop@example.org"], type: .marketing)
        #expect(byMail.field("List-Unsubscribe") == "<mailto:stop@example.org>")
        #expect(byMail.field("List-Unsubscribe-Post") == nil)
        // A code that was asked for is no advertisement.
        let code = try await taken(values: values, type: .verificationCode)
        #expect(code.field("List-Unsubscribe") == nil && code.field("Auto-Submitted") == "auto-generated")
    }

    @Test func `what cannot be delivered comes back to an address of the message's own`() async throws {
        let mail = try await taken(values: ["bounceDomain": "Bounces.example.org"])
        let name = MailName(requestKey: "kp1x4z-9c", recipient: SMTPBench.recipient)
        #expect(mail.sender == "bounce+\(name.local)@bounces.example.org")
        let supplier = try await bench.supplier(values: ["bounceDomain": "bounces.example.org"])
        let key = String(repeating: "k", count: 64)
        _ = await supplier.send(SMTPBench.call(SMTPBench.content, key: key))
        #expect(try await bench.server.messages().last?.sender == "bounce@bounces.example.org")
    }

    @Test func `pictures in the page go with it, and files beside it`() async throws {
        let http = FileShelf([
            "pdf": HTTPResponse(
                status: 200,
                headers: [("content-type", "application/pdf")],
                body: [1, 2, 3]
            ),
            "csv": HTTPResponse(status: 200, headers: [("content-type", "text/csv; charset=gbk")]),
        ])
        let mail = try await taken(
            [
                "title": "files", "content": "<img src=\"data:image/gif;base64,R0lGODlhAQABAAAAACw=\">",
                "url":
                    "https://files.example.org/a%20b/Rechnung%20N%C2%BA%201.pdf?x=1, https://files.example.org/list.csv",
            ],
            http: http
        )
        #expect(
            mail.structure
                == "multipart/mixed(multipart/related(multipart/alternative(text/plain,text/html),image/gif),"
                + "application/pdf,text/csv)"
        )
        #expect(mail.defects == [])
        try #require(mail.parts.count == 5)
        let image = mail.parts[2]
        #expect(image.disposition == "inline")
        let id = image.contentID?.trimmingCharacters(in: ["<", ">"]) ?? "?"
        #expect(mail.parts[1].text == "<img src=\"cid:\(id)\">")
        #expect(mail.parts[3].name == "Rechnung Nº 1.pdf")
        #expect(mail.parts[3].disposition == "attachment")
        #expect(Array(mail.parts[3].body) == [1, 2, 3])
        #expect(mail.parts[4].name == "list.csv")
        #expect(mail.parts[4].body.isEmpty)
    }

    @Test(
        arguments: [
            ("unknown", .badRecipient, "smtp.550.5.1.1"), ("disabled", .badRecipient, "smtp.550.5.2.1"),
            ("bare", .badRecipient, "smtp.550"), ("full", .recipientLater, "smtp.552.5.2.2"),
            ("relay", .badConfig, "smtp.554.5.7.1"), ("busy", .transient, "smtp.421.4.3.2"),
            ("grey", .recipientLater, "smtp.450.4.2.0"), ("slowdown", .recipientLater, "smtp.451.4.7.1"),
            ("spam", .badContent, "smtp.554.5.7.1"), ("forged", .badConfig, "smtp.550.5.7.26"),
        ] as [(String, Refusal.Class, String)]
    )
    func `a refusal is of its class, and does not tell who it was about`(
        local: String,
        fault: Refusal.Class,
        code: String
    ) async throws {
        let reply = await (try await bench.supplier())
            .send(SMTPBench.call(SMTPBench.content, to: "\(local)@example.com"))
        let refusal = try #require(reply.verdicts.first?.refusal)
        #expect(refusal.fault == fault)
        #expect(refusal.code == code)
        #expect(!refusal.message.contains("@"))
    }

    @Test func `who is made to wait by a stranger's server is sent it later`() async throws {
        let supplier = try await bench.supplier()
        let call = SMTPBench.call(SMTPBench.content, to: "grey@example.com")
        #expect(await supplier.send(call).verdicts.first?.refusal?.wait == .seconds(300))
        #expect(await supplier.send(call).verdicts.map(\.fault) == [nil])
        #expect(try await bench.server.messages(to: "grey@example.com").count == 1)
    }

    @Test func `a connection that is lost after the message's end leaves all open`() async throws {
        let supplier = try await bench.supplier()
        let reply = await supplier.send(SMTPBench.call(SMTPBench.content, to: "drop@example.com"))
        #expect(reply.verdicts.allSatisfy { $0.isAmbiguous })
        #expect(try await bench.server.messages(to: "drop@example.com").count == 1)
    }

    @Test func `a message that is larger than the server takes is bad content`() async throws {
        let page = "<p>" + String(repeating: "0123456789", count: 60_000) + "</p>"
        let reply = await (try await bench.supplier())
            .send(SMTPBench.call(["title": "large", "content": .text(page)]))
        #expect(reply.verdicts.first?.fault == .badContent)
        #expect(reply.verdicts.first?.refusal?.code == "smtp.552")
    }

    @Test func `credentials are checked without sending anything`() async throws {
        try await bench.supplier(.startTLS).check()
        let wrong = try await bench.supplier(secrets: ["pass": Secret("wrong")])
        let error = await #expect(throws: SupplierError.self) { try await wrong.check() }
        guard case .refused(let refusal)? = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(refusal.fault == .badConfig)
        #expect(refusal.code == "smtp.535.5.7.8")
        let reply = await wrong.send(SMTPBench.call(SMTPBench.content))
        #expect(reply.verdicts.first?.refusal == refusal)
        #expect(try await bench.server.messages().isEmpty)
    }

    @Test(arguments: ["rsa", "ed25519"])
    func `a signature is found good by another's hand`(kind: String) async throws {
        let (key, record): (String, String)
        if kind == "rsa" {
            let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            (key, record) = (rsa.pemRepresentation, rsa.publicKey.derRepresentation.base64EncodedString())
        } else {
            let edwards = Curve25519.Signing.PrivateKey()
            key = edwards.rawRepresentation.base64EncodedString()
            record = edwards.publicKey.rawRepresentation.base64EncodedString()
        }
        try await bench.server.publish(["s1._domainkey.example.org.": "v=DKIM1; k=\(kind); p=\(record)"])
        let content: WireObject = [
            "title": .text(String(repeating: "签名  标题", count: 20)),
            "content": "<p>two  blanks and an end of line \n</p>\n\n",
        ]
        let values = ["dkimSelector": "s1", "fromName": "快推", "unsubscribe": "https://example.org/u"]
        let mail = try await taken(content, values: values, secrets: ["dkimKey": Secret(key)])
        #expect(mail.signature == "valid")
        #expect(mail.defects == [])
        #expect(mail.longestLine <= 78)
        let other = try await taken(
            content,
            values: values.merging(["dkimSelector": "s2"]) { $1 },
            secrets: ["dkimKey": Secret(key)]
        )
        #expect(other.signature != "valid")
    }
}

/// Answers by what an address's path ends in.
private struct FileShelf: HTTPClient {
    let answers: [String: HTTPResponse]

    init(_ answers: [String: HTTPResponse]) {
        self.answers = answers
    }

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        let path = request.url.prefix { $0 != "?" }
        return answers.first { path.hasSuffix($0.key) }?.value ?? HTTPResponse(status: 404)
    }
}
