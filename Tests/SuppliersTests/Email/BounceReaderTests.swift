import Groundwork
import PushEngine
import Testing

@testable import Suppliers

@Suite struct BounceReaderTests {
    private static let now = Moment(secondsSinceEpoch: 1_800_000_000)
    private static let name = MailName(requestKey: "kp1x4z-9c", recipient: "someone@example.com")

    /// A report as postfix writes it.
    private static func report(
        to: String = "bounce@example.org",
        final: String = "rfc822; someone@example.com",
        action: String = "failed",
        status: String = "5.1.1",
        extra: String = "",
        original: String? =
            "Message-ID: <\(name.local)@example.org>\nTo: someone@example.com\nSubject: hello\n",
        ends: String = "\r\n"
    ) -> [UInt8] {
        let header =
            original.map {
                "--b=1\nContent-Description: Undelivered Message Headers\nContent-Type: text/rfc822-headers\n\n\($0)\n"
            } ?? ""
        let text = """
            Return-Path: <>
            Delivered-To: \(to)
            Date: Tue, 14 Nov 2023 22:13:20 +0000
            From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
            Subject: Undelivered Mail Returned to Sender
            To: \(to)
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=delivery-status;
             boundary="b=1"

            This is a MIME-encapsulated message.

            --b=1
            Content-Type: text/plain; charset=us-ascii

            I'm sorry to have to inform you that your message could not be delivered.

            --b=1
            Content-Description: Delivery report
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mx.example.com
            X-Postfix-Queue-ID: 4C5F1
            Arrival-Date: Tue, 14 Nov 2023 22:00:00 +0000 (UTC)

            Final-Recipient: \(final)
            Original-Recipient: rfc822;someone@EXAMPLE.com
            Action: \(action)
            Status: \(status)
            Diagnostic-Code: smtp; 550 5.1.1 no such
                user\(extra)

            \(header)--b=1--

            """
        return Array(text.replacing("\n", with: ends).utf8)
    }

    private static func read(_ raw: [UInt8]) -> BounceReader { BounceReader(raw, receivedAt: now) }

    @Test(arguments: ["\r\n", "\n"])
    func `a report on a message of ours is its receipt, by the message's id`(ends: String) {
        let found = Self.read(Self.report(ends: ends))
        #expect(found.malformed == 0)
        #expect(
            found.receipts == [
                SupplierReceipt(
                    recipient: "someone@example.com",
                    requestKey: "kp1x4z-9c",
                    reference: "\(Self.name.local)@example.org",
                    delivered: false,
                    code: "5.1.1",
                    at: Moment(secondsSinceEpoch: 1_700_000_000)
                )
            ]
        )
    }

    @Test func `a report without the message is joined by the address that it went to`() {
        let to = "bounce+\(Self.name.local)@bounces.example.org"
        for address in [to, "<\(to)>", "Bounces <\(to)>"] {
            let found = Self.read(Self.report(to: address, original: nil))
            #expect(found.receipts.first?.requestKey == "kp1x4z-9c")
            #expect(found.receipts.first?.recipient == "someone@example.com")
        }
    }

    @Test func `where an address led to another, the receipt is for the one that was written to`() {
        let found = Self.read(Self.report(final: "rfc822; elsewhere@example.net"))
        #expect(found.receipts.map(\.recipient) == ["someone@example.com"])
        let bare = Self.report(final: "rfc822; elsewhere@example.net")
        let text = String(decoding: bare, as: UTF8.self).replacing("Original-Recipient", with: "X-Other")
        #expect(Self.read(Array(text.utf8)).receipts.map(\.recipient) == ["someone@example.com"])
    }

    @Test(arguments: [("failed", false), ("Delivered", true), ("expanded", true)])
    func `what became of it is what the server did`(action: String, isDelivered: Bool) {
        let found = Self.read(Self.report(action: action, status: isDelivered ? "2.0.0 (ok)" : "5.2.2"))
        #expect(found.receipts.map(\.delivered) == [isDelivered])
        #expect(found.receipts.map(\.code) == [isDelivered ? "2.0.0" : "5.2.2"])
    }

    @Test(arguments: ["delayed", "relayed"])
    func `what is not over is no receipt`(action: String) {
        let found = Self.read(Self.report(action: action, status: "4.4.1"))
        #expect(found.receipts.isEmpty)
        #expect(found.malformed == 0)
    }

    @Test func `a report on somebody else's message is counted and left out`() {
        let found = Self.read(
            Self.report(original: "Message-ID: <abc@example.net>\nTo: someone@example.com\n")
        )
        #expect(found.receipts.isEmpty)
        #expect(found.malformed == 1)
        let other = MailName(requestKey: "kp1x4z-9c", recipient: "other@example.com")
        let wrong = Self.read(Self.report(original: "Message-ID: <\(other.local)@example.org>\n"))
        #expect(wrong.receipts.isEmpty)
        #expect(wrong.malformed == 1)
    }

    @Test func `what has more fields, or more parts, than any report is none`() {
        let fields = String(repeating: "X: y\r\n", count: MIMEReader.headerLimit / 6)
        let report = String(decoding: Self.report(), as: UTF8.self)
        #expect(Self.read(Array(("A: b\r\n" + report).utf8)).receipts.count == 1)
        #expect(Self.read(Array((fields + report).utf8)).receipts.isEmpty)
        let parts = String(repeating: "--b=1\r\n\r\n", count: MIMEReader.partLimit)
        let crowded = report.replacing("This is a MIME-encapsulated message.\r\n", with: parts)
        #expect(Self.read(Array(crowded.utf8)).receipts.isEmpty)
    }

    @Test func `an address that the report writes in other letters is the same one's`() {
        let found = Self.read(Self.report(final: "rfc822; SomeOne@Example.com"))
        #expect(found.receipts.count == 1)
        let name = MailName(requestKey: "kp1x4z-9c", recipient: "Someone@example.com")
        #expect(name.isTo("someone@example.com"))
    }

    @Test func `a mail that is no report holds nothing`() {
        for text in [
            "", "\r\n", "hello", "Subject: away\r\n\r\nI am on holiday until Monday.\r\n",
            "Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n",
            "Content-Type: multipart/report\r\n\r\n",
            "Content-Type: multipart/mixed; boundary=\"a\"\r\n\r\n--a\r\n\r\n--a--\r\n",
        ] {
            let found = Self.read(Array(text.utf8))
            #expect(found.receipts.isEmpty)
            #expect(found.malformed == 0)
        }
    }

    @Test func `a report is found inside another mail, and read in any encoding`() {
        let status =
            "Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; someone@example.com\r\n"
            + "Action: failed\r\nStatus: 5.1.1\r\n"
        let quoted = status.replacing("=", with: "=3D").replacing("someone", with: "some=\r\none")
        let inner =
            "Content-Type: multipart/report; boundary=i\r\n\r\n--i\r\nContent-Type: message/delivery-status\r\n"
            + "Content-Transfer-Encoding: quoted-printable\r\n\r\n\(quoted)\r\n--i\r\n"
            + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + "TWVzc2FnZS1JRDogPA==\r\n--i--\r\n"
        let to = "bounce+\(Self.name.local)@b.example.org"
        let outer =
            "To: \(to)\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\(inner)\r\n--o--\r\n"
        let found = Self.read(Array(outer.utf8))
        #expect(found.receipts.map(\.requestKey) == ["kp1x4z-9c"])
        #expect(found.receipts.map(\.at) == [Self.now])
    }

    @Test func `a report that is cut short anywhere is read without harm`() {
        let whole = Self.report()
        for length in stride(from: 0, through: whole.count, by: 7) {
            let found = Self.read(Array(whole[..<length]))
            #expect(found.receipts.count + found.malformed <= 1)
        }
    }

    @Test func `names lead back to the call, and hide who it was to`() {
        #expect(!Self.name.local.contains("someone"))
        #expect(MailName(Self.name.local) == Self.name)
        #expect(MailName(Self.name.local.uppercased())?.isTo("someone@example.com") == true)
        #expect(Self.name.isTo("someone@example.com"))
        #expect(!Self.name.isTo("other@example.com"))
        for text in ["", ".", "k", "k.", ".0123456789abcdef", "k.0123456789abcdeg", "k.0123"] {
            #expect(MailName(text) == nil)
        }
        #expect(MailName("k.v.0123456789abcdef")?.requestKey == "k.v")
    }
}
