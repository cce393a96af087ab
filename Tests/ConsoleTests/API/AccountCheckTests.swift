import Groundwork
import Logging
import PushEngine
import SupplierSimulator
import TestKit
import Testing

/// The test of a connection: what it says, and what it never says.
@Suite struct AccountCheckTests {
    private static func body(_ url: String, secret: String) -> String {
        """
        {"name":"wecom","kind":"wecom-app","url":"\(url)","config":{"corpId":"ww0123456789abcdef",\
        "corpSecret":"\(secret)","agentId":"1000002"}}
        """
    }

    @Test func `a supplier that answers nothing is told of, for a stored account and for a draft`()
        async throws
    {
        try await ConsoleBench.use { bench in
            let draft = Self.body("http://127.0.0.1:1", secret: "very-secret")
            let made = try await bench.post("/api/v1/accounts", draft)
            let place = try #require(made.headers["location"])
            for answer in [
                try await bench.post(place + "/check"), try await bench.post("/api/v1/accounts/check", draft),
            ] {
                #expect(answer.status == 200)
                #expect(answer["result"] == "failed")
                #expect(answer["message"] != .null)
                #expect(!answer.text.contains("very-secret"))
            }
            #expect(try await bench.post("/api/v1/accounts/99/check").status == 404)
            #expect(try await bench.post("/api/v1/accounts/check", "{}")["field"] == "name")
        }
    }

    @Test func `good credentials are told from bad ones, and a supplier that offers no look says so`()
        async throws
    {
        try await ConsoleBench.use { bench in
            try await bench.withSimulator { url in
                let setup = SimulatorCredentials.demo.setup(at: .weComApp)
                let secret = try #require(setup.secrets["corpSecret"]).reveal()
                let good = Self.body(url + "/wecom-app", secret: secret)
                    .replacing("ww0123456789abcdef", with: setup.values["corpId"] ?? "")
                #expect(try await bench.post("/api/v1/accounts/check", good)["result"] == "ok")
                let wrong = try await bench.post(
                    "/api/v1/accounts/check",
                    good.replacing(secret, with: "wrong-one")
                )
                #expect(wrong["result"] == "failed")
                #expect(!wrong.text.contains("wrong-one"))
                let account = try await bench.account(.aliyun, at: url)
                let silent = try await bench.post("/api/v1/accounts/\(account.id.rawValue)/check")
                #expect(silent["result"] == "not_offered")
            }
        }
    }

    @Test func `a draft that is checked is not stored, and one that makes no sense is refused`() async throws
    {
        try await ConsoleBench.use { bench in
            let draft = Self.body("http://127.0.0.1:1", secret: "")
            let answer = try await bench.post("/api/v1/accounts/check", draft)
            #expect(answer.status == 400)
            #expect(answer["field"] == "config.corpSecret")
            _ = try await bench.post("/api/v1/accounts/check", Self.body("http://127.0.0.1:1", secret: "x"))
            #expect(try await bench.books.accounts().isEmpty)
        }
    }
}

@Suite struct AccountWatchTests {
    private static let account = SupplierAccount.sample(
        config: AccountConfig(secrets: ["key": Secret("very-secret"), "b": Secret("abc")])
    )

    private func verdict(
        limit: Duration = .seconds(300),
        _ check: @escaping @Sendable () async throws(SupplierError) -> Void
    ) async -> ConnectionVerdict {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let watch = AccountWatch(
            health: AccountHealth(timer: ContinuousClock(), logger: logger),
            tokens: TokenKeeper(
                store: LocalAccessTokenStore(clock: SystemClock()),
                timer: ContinuousClock(),
                logger: logger
            ),
            limit: limit,
            timer: ContinuousClock()
        ) { _ in Checked(check: check) }
        return await watch.check(Self.account)
    }

    @Test func `each end of a check has its word`() async {
        #expect(await verdict { () throws(SupplierError) in } == .good)
        #expect(await verdict { () throws(SupplierError) in throw .notOffered } == .notOffered)
        #expect(
            await verdict { () throws(SupplierError) in
                throw .refused(Refusal(.badConfig, code: "40001", message: "invalid credential"))
            } == .bad("refused: 40001: invalid credential")
        )
    }

    @Test func `secrets that a supplier repeats are not told`() async {
        let verdict = await verdict { () throws(SupplierError) in
            throw .unavailable("GET http://a/token?key=very-secret&b=abc")
        }
        // Three characters are no secret that could be told from words.
        #expect(verdict == .bad("no usable answer: GET http://a/token?key=…&b=abc"))
    }

    @Test func `a supplier that never answers holds nobody up`() async {
        let verdict = await verdict(limit: .milliseconds(10)) { () throws(SupplierError) in
            // Ends with its task, as calls do.
            let (stream, _) = AsyncStream<Never>.makeStream()
            for await _ in stream {}
            throw .unavailable("too late")
        }
        #expect(verdict == .bad("no answer within 0 s"))
    }
}

private struct Checked: Supplier {
    let account = AccountID(rawValue: 1)
    let shapes: [CallShape] = []
    let check: @Sendable () async throws(SupplierError) -> Void

    func send(_ call: SupplierCall) async -> SupplierReply {
        SupplierReply(all: .ambiguous(detail: ""), count: call.recipients.count)
    }

    func check() async throws(SupplierError) { try await check() }
}
