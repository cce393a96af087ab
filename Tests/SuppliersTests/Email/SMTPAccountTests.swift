import Groundwork
import Logging
import PushEngine
import Synchronization
import TestKit
import Testing

@testable import Suppliers

/// Takes every message, and keeps what was asked.
private final class ScriptedMailClient: MailClient {
    private let calls = Mutex<[(mail: Mail?, server: MailServer)]>([])

    var asked: [(mail: Mail?, server: MailServer)] { calls.withLock { $0 } }

    func send(_ mail: Mail, to server: MailServer) async throws(MailError) -> MailReply {
        calls.withLock { $0.append((mail, server)) }
        return MailReply(stage: .message, code: 250)
    }

    func greet(_ server: MailServer) async throws(MailError) -> MailReply {
        calls.withLock { $0.append((nil, server)) }
        return MailReply(stage: .other, code: 250)
    }
}

/// A client by whose answers time goes by.
private struct SlowClient: HTTPClient {
    let client: ScriptedHTTPClient
    private let clock: ManualClock
    private let time: Duration

    init(_ client: ScriptedHTTPClient, _ clock: ManualClock, _ time: Duration) {
        self.client = client
        self.clock = clock
        self.time = time
    }

    func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
        clock.advance(by: time)
        return try await client.send(request)
    }
}

@Suite struct SMTPAccountTests {
    private static func account(
        _ url: String = "smtp://mail.example.org",
        _ values: [String: String] = [:],
        _ secrets: [String: Secret] = [:]
    ) -> SupplierAccount {
        SupplierAccount(
            id: AccountID(rawValue: 1),
            name: "mail",
            kind: .smtp,
            channel: .email,
            url: url,
            config: AccountConfig(["from": "news@example.org"].merging(values) { $1 }, secrets: secrets)
        )
    }

    @Test(
        arguments: [
            ("smtp://mail.example.org", "mail.example.org", 587, MailServer.Security.startTLS),
            ("smtp://mail.example.org:25/", "mail.example.org", 25, .startTLS),
            ("SMTPS://mail.example.org", "mail.example.org", 465, .implicitTLS),
            ("smtps://mail.example.org:4650", "mail.example.org", 4_650, .implicitTLS),
            ("smtp://[fd00::1]:2525", "fd00::1", 2_525, .startTLS),
            ("smtp://[fd00::1]", "fd00::1", 587, .startTLS),
        ]
    )
    func `an address says where the server is and how it is secured`(
        url: String,
        host: String,
        port: Int,
        security: MailServer.Security
    ) async throws {
        let account = Self.account(url)
        try account.check(against: .smtp)
        let mail = ScriptedMailClient()
        try await SMTPBench.supplier(account, mail: mail).check()
        let server = try #require(mail.asked.first?.server)
        #expect(server.host == host)
        #expect(server.port == port)
        #expect(server.security == security)
        #expect(server.user.isEmpty)
    }

    @Test(arguments: [
        "http://mail.example.org", "mail.example.org:25", "smtp://", "smtps://:465", "", "smtp://a@b",
    ])
    func `an address of another kind is refused with what would be right`(url: String) {
        let fault = #expect(throws: CatalogueFault.self) { try Self.account(url).check(against: .smtp) }
        guard case .invalid(let field, let reason)? = fault else { return }
        #expect(field == "url")
        #expect(reason == "must be an smtps or smtp address")
    }

    @Test func `other suppliers keep to the addresses of the web`() {
        let account = SupplierOutcomeTests.account(.tencent, url: "smtp://mail.example.org")
        let fault = #expect(throws: CatalogueFault.self) { try account.check(against: .tencent) }
        guard case .invalid(_, let reason)? = fault else { return }
        #expect(reason == "must be an http or https address")
    }

    @Test(
        arguments: [
            ["from": "nobody"], ["bounceDomain": "not a domain"], ["unsubscribe": "http://example.org"],
            ["unsubscribe": "https://example.org/>,<x"], ["dkimSelector": "s1"],
            ["dkimDomain": "example.org"],
            ["dkimSelector": "s 1"], ["from": "news@example.org\r\nBcc: a@b.c"],
        ]
    )
    func `an account with which nothing can be sent refuses everything, and says why`(
        values: [String: String]
    ) async throws {
        let mail = ScriptedMailClient()
        let supplier = SMTPBench.supplier(Self.account("smtp://mail.example.org", values), mail: mail)
        let reply = await supplier.send(SMTPBench.call(SMTPBench.content))
        let refusal = try #require(reply.verdicts.first?.refusal)
        #expect(refusal.fault == .badConfig)
        #expect(refusal.code == "kpush.account")
        let field = try #require(values.keys.first)
        #expect(refusal.message.hasPrefix(field == "dkimDomain" ? "dkimSelector" : String(field.prefix(4))))
        let error = await #expect(throws: SupplierError.self) { try await supplier.check() }
        #expect(error == .refused(refusal))
        #expect(mail.asked.isEmpty)
    }

    @Test func `a call for several, and contents without a title or a page, are not made`() async {
        let mail = ScriptedMailClient()
        let supplier = SMTPBench.supplier(Self.account(), mail: mail)
        let two = SupplierCall(
            requestKey: "k",
            recipients: ["a@b.cd", "c@b.cd"],
            contents: ["{}"],
            contentIndex: [0, 0]
        )
        #expect(await supplier.send(two).verdicts.map(\.fault) == [.badContent, .badContent])
        for content: WireObject in [[:], ["title": "x"], ["content": "x"], ["title": "", "content": "x"]] {
            let reply = await supplier.send(SMTPBench.call(content))
            #expect(reply.verdicts.first?.refusal?.code == "kpush.empty_content")
        }
        let broken = SupplierCall(requestKey: "k", recipients: ["a@b.cd"], contents: ["{"], contentIndex: [0])
        #expect(await supplier.send(broken).verdicts.first?.refusal?.code == "kpush.content")
        #expect(mail.asked.isEmpty)
    }

    /// How a file came, and what is said of the message that it was to be in.
    private struct FileCase: CustomTestStringConvertible {
        let outcome: Result<HTTPResponse, HTTPError>
        let fault: Refusal.Class
        let code: String

        init(_ outcome: Result<HTTPResponse, HTTPError>, _ fault: Refusal.Class, _ code: String) {
            self.outcome = outcome
            self.fault = fault
            self.code = code
        }

        /// Not the whole of a large file.
        var testDescription: String {
            switch outcome {
            case .success(let response): "\(response.status) with \(response.body.count) bytes: \(code)"
            case .failure(let error): "\(error.code): \(code)"
            }
        }
    }

    @Test(arguments: [
        FileCase(.success(HTTPResponse(status: 404)), .badContent, "kpush.attachment_missing"),
        FileCase(.success(HTTPResponse(status: 302)), .badContent, "kpush.attachment_missing"),
        FileCase(.success(HTTPResponse(status: 503)), .transient, "kpush.attachment_unavailable"),
        FileCase(.failure(HTTPError(.connectTimeout)), .transient, "kpush.attachment_unavailable"),
        FileCase(.failure(HTTPError(.addressRefused)), .badContent, "kpush.attachment_link"),
        FileCase(.failure(HTTPError(.badURL)), .badContent, "kpush.attachment_link"),
        FileCase(.failure(HTTPError(.tooLarge)), .badContent, "kpush.attachments_too_large"),
        FileCase(
            .success(HTTPResponse(status: 200, body: [UInt8](repeating: 0, count: 11 << 20))),
            .badContent,
            "kpush.attachments_too_large"
        ),
    ])
    private func `a file that cannot be had keeps the message from being sent`(file: FileCase) async throws {
        let mail = ScriptedMailClient()
        let supplier = SMTPBench.supplier(
            Self.account(),
            mail: mail,
            http: ScriptedHTTPClient([file.outcome])
        )
        let reply = await supplier.send(
            SMTPBench.call(["title": "x", "content": "x", "url": "https://files.example.org/secret/a.pdf"])
        )
        let refusal = try #require(reply.verdicts.first?.refusal)
        #expect(refusal.fault == file.fault)
        #expect(refusal.code == file.code)
        #expect(!refusal.message.contains("secret"))
        #expect(mail.asked.isEmpty)
    }

    @Test func `files that are small alone may be too large together`() async {
        let body = [UInt8](repeating: 0, count: 6 << 20)
        let http = ScriptedHTTPClient(
            [body, body].map { .success(HTTPResponse(status: 200, body: $0)) }
        )
        let supplier = SMTPBench.supplier(Self.account(), mail: ScriptedMailClient(), http: http)
        let reply = await supplier.send(
            SMTPBench.call(["title": "x", "content": "x", "url": "https://e.org/a,https://e.org/b"])
        )
        #expect(reply.verdicts.first?.refusal?.code == "kpush.attachments_too_large")
    }

    @Test func `a file that many messages carry is fetched once a minute`() async throws {
        let http = ScriptedHTTPClient(status: 200, "one", "two")
        let mail = ScriptedMailClient()
        let supplier = SMTPBench.supplier(Self.account(), mail: mail, http: http)
        let content: WireObject = ["title": "x", "content": "x", "url": "https://e.org/a.txt"]
        await withTaskGroup { group in
            for number in 0..<20 {
                group.addTask {
                    _ = await supplier.send(SMTPBench.call(content, to: "p\(number)@example.com"))
                }
            }
        }
        #expect(mail.asked.count == 20)
        #expect(http.requests.count == 1)
    }

    @Test(
        arguments: [
            ("https://e.org/", "attachment-1"), ("https://e.org", "attachment-1"),
            ("https://e.org/..", "attachment-1"),
            ("https://e.org/a%2Fb.txt", "ab.txt"), ("https://e.org/a%0D%0Ab.txt", "ab.txt"),
            ("https://e.org/%E5%8F%91%E7%A5%A8.pdf?sign=1", "发票.pdf"), ("https://e.org/x?a=/b", "x"),
        ]
    )
    func `a file is called as its address ends`(url: String, name: String) async throws {
        let tools = SupplierTools(
            http: ScriptedHTTPClient(status: 200, "x"),
            clock: ManualClock(SMTPBench.now).calendar
        )
        let files = try await Attachments.fetch(url, tools.files, within: CallTime(tools))
        #expect(files.map(\.name) == [name])
    }

    @Test func `files that take too long leave the mail for later, and the mail gets what time they left`()
        async
    {
        for (fileSeconds, fetched, mails) in [(5, 2, 0), (3, 3, 1)] {
            let clock = ManualClock(SMTPBench.now)
            let http = SlowClient(
                ScriptedHTTPClient(status: 200, "1", "2", "3"),
                clock,
                .seconds(fileSeconds)
            )
            let mail = ScriptedMailClient()
            let tokens = TokenKeeper(
                store: LocalAccessTokenStore(clock: clock.calendar),
                timer: clock,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            let supplier = SMTPSupplier(
                Self.account(),
                SupplierTools(http: http, clock: clock.calendar, tokens: tokens, mail: mail)
            )
            let files = "https://e.org/a,https://e.org/b,https://e.org/c"
            let reply = await supplier.send(
                SMTPBench.call(["title": "x", "content": "x", "url": .text(files)])
            )
            #expect(http.client.requests.count == fetched)
            #expect(mail.asked.count == mails)
            #expect(mail.asked.allSatisfy { $0.server.timeouts.total == .seconds(16) })
            guard mails == 0 else { continue }
            let refusal = reply.verdicts.first?.refusal
            #expect(refusal?.code == "kpush.attachment_unavailable")
            #expect(refusal?.fault == .transient)
        }
    }

    @Test func `bounces are taken as whole messages, and read`() throws {
        let supplier = SMTPBench.supplier(Self.account(), mail: ScriptedMailClient())
        let raw = Array("Subject: away\r\n\r\nuntil Monday\r\n".utf8)
        let headers = [(name: "content-type", value: "message/rfc822; charset=utf-8")]
        guard
            case .receipts(let kept, let answer) = try supplier.open(
                SupplierCallback(headers: headers, body: raw)
            )
        else { return #expect(Bool(false)) }
        #expect(kept == raw)
        #expect(answer == CallbackAnswer(text: "ok"))
        #expect(try supplier.readReceipts(raw).receipts.isEmpty)
        for strange in [
            SupplierCallback(body: raw), SupplierCallback(method: "GET", headers: headers, body: raw),
            SupplierCallback(headers: headers, body: []),
            SupplierCallback(headers: [("content-type", "application/json")], body: raw),
        ] {
            #expect(throws: SupplierError.self) { try supplier.open(strange) }
        }
    }
}
