import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Console

/// Accounts as those see them who set them up.
@Suite struct AccountPageTests {
    private static let secret = "very-secret-<key>"
    private static let sound = [
        "name": "main <b>", "field-accessKeyId": "LTAI", "field-accessKeySecret": secret,
        "field-signName": "快推",
        "field-templateCode": "SMS_1", "weight": "70", "weight-marketing": "0",
    ]

    private static func make(_ browser: inout Browser) async throws -> ConsoleBench.Answer {
        try await browser.press("/accounts/at/aliyun", on: "/accounts/at/aliyun", sound)
    }

    @Test func `an account is made through its supplier's form, and its secret is never shown`() async throws
    {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            #expect(try await browser.get("/accounts").words.contains("No account has been set up yet"))
            let made = try await Self.make(&browser)
            #expect(made.words.contains("Stored: it is used from now on"))
            let stored = try #require(try await bench.books.accounts().first)
            #expect(stored.name == "main <b>")
            #expect(stored.secret("accessKeySecret").matches(Self.secret))
            #expect(stored.weight == 70)
            #expect(stored.weights == [.marketing: 0])
            #expect(stored.url == SupplierForms.aliyunAddress(bench))
            for page in [made, try await browser.get("/accounts")] {
                #expect(page.text.contains("main &lt;b&gt;"))
                #expect(!page.text.contains("very-secret"))
            }
        }
    }

    @Test(arguments: [
        (
            Language.english,
            ["Supplier", "No trouble seen", "Marketing 0", "On", "New account", "WeChat official account"]
        ),
        (Language.chinese, ["供应商", "未见异常", "营销 0", "已启用", "新建账号", "微信公众号"]),
    ])
    func `the list tells what accounts there are, their shares and how they do`(
        language: Language,
        facts: [String]
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, language)
            _ = try await Self.make(&browser)
            let page = try await browser.get("/accounts")
            for fact in facts + ["70"] { #expect(page.words.contains(fact), "\(fact)") }
        }
    }

    @Test func `an edit keeps the secrets that are not typed in, and the shares that are`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            _ = try await Self.make(&browser)
            let id = try #require(try await bench.books.accounts().first).id.rawValue
            var edit = Self.sound
            edit["name"] = "another"
            edit["field-accessKeySecret"] = ""
            edit["field-accessKeyId"] = "LTAJ"
            edit["weight"] = "5"
            edit["weight-marketing"] = ""
            edit["rate"] = "20"
            let saved = try await browser.press("/accounts/\(id)/edit", on: "/accounts/\(id)", edit)
            #expect(saved.words.contains("Saved; it holds within a second"))
            let stored = try await bench.books.accounts()
            #expect(stored.count == 1)
            #expect(stored[0].name == "main <b>")
            #expect(stored[0]["accessKeyId"] == "LTAJ")
            #expect(stored[0].secret("accessKeySecret").matches(Self.secret))
            #expect(stored[0].weight == 5)
            #expect(stored[0].weights.isEmpty)
            #expect(stored[0].callsPerSecond == 20)
        }
    }

    @Test(arguments: [
        ("field-templateCode", "", "config.templateCode"), ("weight", "x", "weight must be a whole number"),
        ("weight-alert", "10001", "weights.alert"), ("name", "", "name must have"),
        ("url", "ftp://a", "url must"),
        ("field-signature", "md5", "config.signature"), ("rate", "0", "callsPerSecond"),
    ])
    func `what makes no sense is shown again with what is wrong, and nothing is stored`(
        field: String,
        value: String,
        fault: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            var form = Self.sound
            form[field] = value
            let page = try await browser.press("/accounts/at/aliyun", on: "/accounts/at/aliyun", form)
            #expect(page.status == 200)
            #expect(page.words.contains("Not saved:"))
            #expect(page.words.contains(fault))
            #expect(page.text.contains("value=\"LTAI\"") || field == "field-accessKeyId")
            #expect(!page.text.contains("very-secret"))
            #expect(try await bench.books.accounts().isEmpty)
        }
    }

    @Test func `a name that is taken is not stored over`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            _ = try await Self.make(&browser)
            let again = try await Self.make(&browser)
            #expect(again.words.contains("there is an account of that name"))
            #expect(try await bench.books.accounts().count == 1)
        }
    }

    @Test func `an account is switched off and on, and keeps everything else`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            _ = try await Self.make(&browser)
            let id = try #require(try await bench.books.accounts().first).id.rawValue
            let off = try await browser.press("/accounts/\(id)/stop", on: "/accounts/\(id)")
            #expect(off.words.contains("Switched off."))
            #expect(try await bench.books.accounts().map(\.isEnabled) == [false])
            _ = try await browser.press("/accounts/\(id)/enable", on: "/accounts/\(id)")
            let stored = try #require(try await bench.books.accounts().first)
            #expect(stored.isEnabled)
            #expect(stored.weights == [.marketing: 0])
        }
    }

    @Test func `the connection is tested from the page, stored or not`() async throws {
        try await ConsoleBench.use { bench async throws in
            try await bench.withSimulator { url in
                var browser = try await Browser.signedIn(bench)
                let setup = SimulatorCredentials.demo.setup(at: .weComApp)
                let secret = try #require(setup.secrets["corpSecret"]).reveal()
                var form = ["name": "wecom", "weight": "1", "url": url + "/wecom-app"]
                for (name, value) in setup.values { form["field-\(name)"] = value }
                form["field-corpSecret"] = "wrong-secret"
                let new = "/accounts/at/wecom-app"
                // The form's second button sends the same form elsewhere.
                form["form_token"] = try browser.formToken(in: try await browser.get(new))
                let bad = try await browser.post(new + "/draft", form)
                #expect(bad.words.contains("The connection does not work:"))
                #expect(!bad.text.contains("wrong-secret"))
                form["field-corpSecret"] = secret
                let good = try await browser.post(new + "/draft", form)
                #expect(good.words.contains("The connection works"))
                #expect(!good.text.contains(secret))
                #expect(try await bench.books.accounts().isEmpty)

                _ = try await browser.press(new, on: new, form)
                let id = try #require(try await bench.books.accounts().first).id.rawValue
                let checked = try await browser.press("/accounts/\(id)/check", on: "/accounts/\(id)")
                #expect(checked.words.contains("The connection works"))
            }
        }
    }

    @Test func `the page does not send secrets to another address either`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            _ = try await Self.make(&browser)
            let before = try #require(try await bench.books.accounts().first)
            let path = "/accounts/\(before.id.rawValue)"
            var form = ["weight": "1", "url": "http://127.0.0.1:9/"]
            for (name, value) in before.config.values { form["field-\(name)"] = value }
            form["form_token"] = try browser.formToken(in: try await browser.get(path))
            for button in ["/draft", "/edit"] {
                let answer = try await browser.post(path + button, form)
                #expect(answer.words.contains("must be given again, because url has changed"))
            }
            #expect(try await bench.books.accounts().map(\.url) == [before.url])
        }
    }

    @Test func `an account that rests says why, and one that was slowed down how far`() async throws {
        var faults = SimulatorSettings()
        faults.faults.throttledRatio = 1
        try await ConsoleBench.use { bench async throws in
            try await bench.withSimulator(faults) { url in
                let account = try await bench.account(.tencent, at: url)
                let template = try await bench.template("您好")
                let body = """
                    {"code":"send","messageTemplateId":\(template.rawValue),\
                    "messageParam":{"receiver":"13800138000"}}
                    """
                #expect(try await bench.post("/api/v1/send", body).status == 200)
                try await bench.deliver()
                var browser = try await Browser.signedIn(bench)
                let page = try await browser.get("/accounts/\(account.id.rawValue)")
                #expect(page.words.contains("Rests: told to slow down"))
                #expect(page.words.contains("tried again in"))
            }
        }
    }

    @Test(arguments: ["/accounts/99", "/accounts/at/nobody"])
    func `what is not there is said to be not there`(path: String) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench)
            #expect(try await browser.get(path).status == 404)
        }
    }
}

extension SupplierForms {
    fileprivate static func aliyunAddress(_ bench: ConsoleBench) -> String? {
        bench.parts.suppliers[SupplierKind(rawValue: "aliyun")]?.address
    }
}
