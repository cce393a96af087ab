import Groundwork

/// The simulated mail server as the other doors know it: it takes messages at a door of its own, and posts those that
/// come back.
struct SMTPDesk: SupplierDesk {
    let supplier = SimulatedSupplier.smtp

    /// Refuses everything: mail is not sent like that.
    func answer(_ request: SimulatedRequest) -> SimulatedReply {
        SimulatedReply(status: 404, body: Array("<html><h1>404 Not Found</h1></html>".utf8))
    }

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String { "SIM\(entry)" }

    func post(of entries: [UInt32], to url: String, in ledger: SupplierLedger) -> HTTPRequest {
        let mail = entries.first.map { BounceWriter.bounce(of: $0, in: ledger) } ?? []
        return .receipts(mail, to: url, as: "message/rfc822")
    }

    func isTaken(_ response: HTTPResponse) -> Bool { response.status == 200 }

    /// A mail is about one message.
    var receiptsPerPost: Int { 1 }

    var postWaits: [Duration] { [.seconds(60), .seconds(300), .seconds(600)] }
}

/// Writes the mail that a server sends when it could not deliver another (RFC 3464).
enum BounceWriter {
    /// The mail about a message that was taken.
    static func bounce(of number: UInt32, in ledger: SupplierLedger) -> [UInt8] {
        let entry = ledger[number]
        let recipient = ledger.name(of: entry.recipient)
        let id = String(decoding: ledger.key(of: ledger.call(of: entry)), as: UTF8.self)
        let arrival = Moment(millisecondsSinceEpoch: entry.acceptedAt)
        let text = """
            Return-Path: <>
            From: Mail Delivery System <MAILER-DAEMON@mail.simulated.example>
            To: undisclosed-recipients:;
            Date: \(date(arrival + .milliseconds(Int(entry.receiptAfter))))
            Subject: Undelivered Mail Returned to Sender
            Auto-Submitted: auto-replied
            MIME-Version: 1.0
            Content-Type: multipart/report; report-type=delivery-status;
             boundary="simulated=\(number)"

            --simulated=\(number)
            Content-Type: text/plain; charset=us-ascii

            Your message could not be delivered.

            --simulated=\(number)
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mail.simulated.example
            X-Queue-ID: SIM\(number)
            Arrival-Date: \(date(arrival))

            Final-Recipient: rfc822; \(recipient)
            Action: failed
            Status: 5.1.1
            Diagnostic-Code: smtp; 550 5.1.1 no such user

            --simulated=\(number)
            Content-Type: text/rfc822-headers

            Message-ID: <\(id)>
            To: \(recipient)

            --simulated=\(number)--

            """
        return Array(text.replacing("\n", with: "\r\n").utf8)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func date(_ moment: Moment) -> String {
        let time = CivilTime(moment, offset: .zero)
        return "\(time.day) \(months[time.month - 1]) \(time.year) \(time.text.suffix(8)) +0000"
    }
}
