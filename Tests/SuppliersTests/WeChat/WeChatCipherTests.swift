import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// Events that WeChat's servers encrypt.
@Suite struct WeChatCipherTests {
    static let kinds = WeChatEventTests.kinds

    static let key = Secret("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")

    /// Made by `openssl enc -aes-256-cbc -nopad` with that key, for the account `wx1`.
    static let sealed = """
        Q3stYC6hdFzMh9T8HCvyDABCfVtsbbPYCwQO+7oDXmDbhCbKdqCohYA25ATgdFHIA8etJnbTjig1jGMa\
        uJQXo9u/BKZnO6DTfCBViZr4R+5pk4dyO9d0pQtIlzkLHCSl4H5mFyZCzfVtmDtp4dfhKEV5G2Vx8hQK\
        u6E83OW2dnJVahJx2vdXJCkkn3S/A+hRspz8qCsxgMBYcGCws5njQCDxIHk/bcZS+x3Mz/lCJHJPnWEH\
        DBbPwqOEASDjVeZe
        """

    /// Of `mytoken`, the instant, the nonce and the sealed text.
    static let signature = "2a5e6d0b109cbdfefbeb132111e5626c471527c6"

    static let clear = """
        <xml><FromUserName>o1</FromUserName><CreateTime>1395658920</CreateTime>\
        <Event>TEMPLATESENDJOBFINISH</Event><MsgID>17</MsgID><Status>success</Status></xml>
        """

    private func supplier(
        _ kind: SupplierKind = .weChatOfficialAccount,
        appID: String = "wx1",
        key: Secret = key
    ) -> any Supplier {
        let account = SupplierAccount.scripted(
            kind,
            ["appId": appID],
            secrets: [
                "secret": Secret("s"), "appSecret": Secret("s"), "token": Secret("mytoken"), "aesKey": key,
            ]
        )
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_700_000_000))
        return SupplierForms(SupplierCatalogue.forms)
            .adapter(of: account, SupplierTools(http: ScriptedHTTPClient(), clock: clock.calendar))
    }

    private func callback(_ sealed: String = sealed, signature: String = signature) -> SupplierCallback {
        WeChatEventTests.callback(
            "POST",
            "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[\(sealed)]]></Encrypt></xml>",
            adding: [("encrypt_type", "aes"), ("msg_signature", signature)]
        )
    }

    @Test func `an encrypted event is a receipt, and its clear text is what is kept`() throws {
        guard case .receipts(let raw, let answer) = try supplier().open(callback()) else {
            Issue.record("not kept")
            return
        }
        #expect(answer == CallbackAnswer(text: "success"))
        #expect(String(decoding: raw, as: UTF8.self) == Self.clear)
        let receipt = try #require(try supplier().readReceipts(raw).receipts.first)
        #expect(receipt.recipient == "o1" && receipt.reference == "17" && receipt.delivered)
    }

    @Test func `one with another key, of another account, cut or changed is not WeChat's`() throws {
        let token = "mytoken"
        let others = [
            String(Self.sealed.dropLast(4)), "", "AAAA", "no Base64",
            "Q" + Self.sealed.dropFirst().reversed(),
            Self.sealed.replacing("e", with: "f"),
        ]
        for sealed in others {
            let signature = WeChatEvents.signature([token, "1700000000", "nonce01", sealed])
            #expect(throws: SupplierError.notGenuine, "\(sealed)") {
                try supplier().open(callback(sealed, signature: signature))
            }
        }
        let otherKey = Secret(String(Self.key.reveal().reversed()))
        for other in [supplier(appID: "wx2"), supplier(key: otherKey)] {
            #expect(throws: SupplierError.notGenuine) { try other.open(callback()) }
        }
    }

    @Test(arguments: ["", "c09779870c809ae2788ad9a2eb32bae5be6bd721"])
    func `the sealed text is signed as well`(signature: String) {
        #expect(throws: SupplierError.notGenuine) { try supplier().open(callback(signature: signature)) }
    }

    @Test(arguments: kinds)
    func `who has events encrypted takes no others`(kind: SupplierKind) throws {
        let plain = WeChatEventTests.callback("POST", Self.clear)
        #expect(throws: SupplierError.notGenuine) { try supplier(kind).open(plain) }
        // The question for the address comes unencrypted all the same.
        let question = WeChatEventTests.callback("GET", adding: [("echostr", "7")])
        guard case .question(let answer) = try supplier(kind).open(question) else {
            Issue.record("kept")
            return
        }
        #expect(answer == CallbackAnswer(text: "7"))
    }

    @Test(arguments: ["", "short", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF!"])
    func `without a key that is one an encrypted event cannot be read`(key: String) {
        let error = #expect(throws: SupplierError.self) { try supplier(key: Secret(key)).open(callback()) }
        #expect(error?.isMalformed == true)
    }
}
