import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Console

/// The page where an account of austin's is pasted in.
@Suite struct AustinPageTests {
    @Test(arguments: [
        (Language.english, "Account from austin", "Stored as shown here", "Not saved:"),
        (.chinese, "从 austin 导入账号", "已按此处所示保存", "未保存："),
    ])
    func `an account is pasted into a page, which shows what it became and no secret`(
        language: Language,
        title: String,
        done: String,
        fault: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, language)
            let path = "/accounts/from/austin"
            #expect(try await browser.get("/accounts").text.contains("href=\"\(path)\""))
            #expect(try await browser.get(path).words.contains(title))
            var form = ["name": "<main>", "sendChannel": "30"]
            form["accountConfig"] = AustinSample.tencent.replacing("TencentSmsScript", with: "<AcmeScript>")
            let wrong = try await browser.press(path, on: path, form)
            #expect(wrong.words.contains(fault))
            #expect(wrong.words.contains("accountConfig.scriptName"))
            #expect(wrong.text.contains("value=\"&lt;main&gt;\""))
            #expect(wrong.text.contains("value=\"30\" selected"))
            #expect(!wrong.text.contains("s-key") && !wrong.text.contains("AKIDxxx"))
            form["accountConfig"] = AustinSample.tencent
            let made = try await browser.press(path, on: path, form)
            #expect(made.words.contains(done))
            #expect(made.text.contains("1423123125"))
            #expect(!made.text.contains("s-key"))
            let again = try await browser.press(path, on: path, form)
            #expect(again.words.contains("there is an account of that name"))
            let stored = try await bench.books.accounts()
            #expect(stored.map(\.kind.rawValue) == ["tencent"])
            #expect(stored[0].secret("secretKey").matches("s-key"))
        }
    }
}
