import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// What WeChat's servers send to an account's address.
@Suite struct WeChatEventTests {
    static func supplier(_ kind: SupplierKind, token: String = "mytoken") -> any Supplier {
        let account = SupplierAccount.scripted(
            kind,
            ["appId": "wx1"],
            secrets: ["secret": Secret("s"), "appSecret": Secret("s"), "token": Secret(token)]
        )
        let clock = ManualClock(Moment(secondsSinceEpoch: 1_700_000_000))
        return SupplierForms(SupplierCatalogue.forms)
            .adapter(of: account, SupplierTools(http: ScriptedHTTPClient(), clock: clock.calendar))
    }

    /// Signed with `mytoken`.
    static func callback(
        _ method: String,
        _ body: String = "",
        signature: String = "c09779870c809ae2788ad9a2eb32bae5be6bd721",
        adding more: [(name: String, value: String)] = []
    ) -> SupplierCallback {
        SupplierCallback(
            method: method,
            query: [("signature", signature), ("timestamp", "1700000000"), ("nonce", "nonce01")] + more,
            body: Array(body.utf8)
        )
    }

    static let kinds = [SupplierKind.weChatOfficialAccount, .weChatMiniProgram]

    static let finished = """
        <xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>
        <FromUserName><![CDATA[oia2TjuEGTNoeX76QEjQNrcURxG8]]></FromUserName>
        <CreateTime>1395658920</CreateTime><MsgType><![CDATA[event]]></MsgType>
        <Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>2794188253209100289</MsgID>
        <Status><![CDATA[STATUS]]></Status></xml>
        """

    @Test func `the published rule gives the vector's signature`() {
        let signature = WeChatEvents.signature(["mytoken", "1700000000", "nonce01"])
        #expect(signature == "c09779870c809ae2788ad9a2eb32bae5be6bd721")
        let withCipher = WeChatEvents.signature(["tok", "1700000000", "nonce01", "ENCRYPTED"])
        #expect(withCipher == "781f5652894eabecf769ee8a4b0cece5b0bfb658")
    }

    @Test(arguments: kinds)
    func `the question for the address is answered with its own words`(kind: SupplierKind) throws {
        let callback = Self.callback("GET", adding: [("echostr", "5927782489442352469")])
        guard case .question(let answer) = try Self.supplier(kind).open(callback) else {
            Issue.record("kept")
            return
        }
        #expect(answer == CallbackAnswer(text: "5927782489442352469"))
    }

    @Test(arguments: kinds, ["", "c09779870c809ae2788ad9a2eb32bae5be6bd722", "x"])
    func `what is wrongly signed is not WeChat's`(kind: SupplierKind, signature: String) {
        for method in ["GET", "POST"] {
            let callback = Self.callback(method, "<xml><Event>a</Event></xml>", signature: signature)
            #expect(throws: SupplierError.notGenuine) { try Self.supplier(kind).open(callback) }
        }
    }

    @Test(arguments: kinds)
    func `without a token the address alone keeps others out`(kind: SupplierKind) throws {
        let callback = Self.callback("POST", "<xml><Event>subscribe</Event></xml>", signature: "x")
        guard case .question(let answer) = try Self.supplier(kind, token: "").open(callback) else {
            Issue.record("kept")
            return
        }
        #expect(answer == CallbackAnswer(text: "success"))
    }

    @Test(arguments: kinds, ["", "<xml>", "[]", "{", "{\"a\"}", "<xml>text</xml>"])
    func `what cannot be read is malformed`(kind: SupplierKind, body: String) {
        let error = #expect(throws: SupplierError.self) {
            try Self.supplier(kind).open(Self.callback("POST", body))
        }
        #expect(error?.isMalformed == true)
        let encrypted = Self.callback("POST", Self.finished, adding: [("encrypt_type", "aes")])
        let refusal = #expect(throws: SupplierError.self) { try Self.supplier(kind).open(encrypted) }
        #expect(refusal?.isMalformed == true)
        let noEcho = #expect(throws: SupplierError.self) {
            try Self.supplier(kind).open(Self.callback("GET"))
        }
        #expect(noEcho?.isMalformed == true)
    }

    @Test(arguments: kinds, ["subscribe", "subscribe_msg_popup_event", "subscribe_msg_change_event"])
    func `other events are answered and not kept`(kind: SupplierKind, event: String) throws {
        for body in ["<xml><Event><![CDATA[\(event)]]></Event></xml>", #"{"Event":"\#(event)"}"#] {
            guard case .question(let answer) = try Self.supplier(kind).open(Self.callback("POST", body))
            else {
                Issue.record("kept")
                return
            }
            #expect(answer == CallbackAnswer(text: "success"))
        }
    }

    @Test(arguments: [
        ("success", true, "success"), ("failed:user block", false, "failed:user block"),
        ("failed: system failed", false, "failed:system failed"),
    ])
    func `an official account's event is a receipt, as XML and as JSON`(
        status: String,
        isDelivered: Bool,
        code: String
    ) throws {
        let supplier = Self.supplier(.weChatOfficialAccount)
        let json = """
            {"ToUserName":"gh_7f083739789a","FromUserName":"oia2TjuEGTNoeX76QEjQNrcURxG8",\
            "CreateTime":1395658920,"MsgType":"event","Event":"TEMPLATESENDJOBFINISH",\
            "MsgID":2794188253209100289,"Status":"\(status)"}
            """
        for body in [Self.finished.replacing("STATUS", with: status), json] {
            guard case .receipts(let raw, let answer) = try supplier.open(Self.callback("POST", body)) else {
                Issue.record("not kept")
                return
            }
            #expect(answer == CallbackAnswer(text: "success"))
            let page = try supplier.readReceipts(raw)
            let receipt = SupplierReceipt(
                recipient: "oia2TjuEGTNoeX76QEjQNrcURxG8",
                requestKey: nil,
                reference: "2794188253209100289",
                delivered: isDelivered,
                code: code,
                at: Moment(secondsSinceEpoch: 1_395_658_920)
            )
            #expect(page.receipts == [receipt])
            #expect(page.malformed == 0)
        }
    }

    @Test func `an event with something missing is counted, and another kind of event is none`() throws {
        let supplier = Self.supplier(.weChatOfficialAccount)
        for part in ["MsgID", "Status", "CreateTime", "FromUserName"] {
            let body = Self.finished.replacing("<\(part)>", with: "<Other>")
                .replacing("</\(part)>", with: "</Other>")
            let page = try supplier.readReceipts(Array(body.utf8))
            #expect(page.receipts.isEmpty && page.malformed == 1, "\(part)")
        }
        #expect(throws: SupplierError.self) { try supplier.readReceipts(Array("{\"Event\":\"a\"}".utf8)) }
    }

    @Test(arguments: ["-1", "253402300800", "9999999999999999", "9223372036854775807"])
    func `an event of an instant that there is not is counted as one that cannot be read`(
        instant: String
    ) throws {
        let late = Self.finished.replacing("1395658920", with: instant)
        let page = try Self.supplier(.weChatOfficialAccount).readReceipts(Array(late.utf8))
        #expect(page.receipts.isEmpty && page.malformed == 1)
        let sent = """
            {"FromUserName":"o1","CreateTime":\(instant),"Event":"subscribe_msg_sent_event",\
            "SubscribeMsgSentEvent":{"List":{"MsgID":1,"ErrorCode":0}}}
            """
        let other = try Self.supplier(.weChatMiniProgram).readReceipts(Array(sent.utf8))
        #expect(other.receipts.isEmpty && other.malformed == 1)
    }

    @Test func `a mini-program's event holds one receipt or several, as XML and as JSON`() throws {
        let entry = { (id: String, code: String) in
            """
            <List><TemplateId><![CDATA[T]]></TemplateId><MsgID>\(id)</MsgID><ErrorCode>\(code)</ErrorCode>\
            <ErrorStatus><![CDATA[s]]></ErrorStatus></List>
            """
        }
        let head = "<FromUserName><![CDATA[o1]]></FromUserName><CreateTime>1676138869</CreateTime>"
        let event = "<Event><![CDATA[subscribe_msg_sent_event]]></Event>"
        let xml = { (list: String) in
            "<xml>\(head)\(event)<SubscribeMsgSentEvent>\(list)</SubscribeMsgSentEvent></xml>"
        }
        let json = { (list: String) in
            """
            {"FromUserName":"o1","CreateTime":1676138869,"Event":"subscribe_msg_sent_event",\
            "SubscribeMsgSentEvent":{"List":\(list)}}
            """
        }
        let one = #"{"TemplateId":"T","MsgID":"2794188253209100289","ErrorCode":"0","ErrorStatus":"success"}"#
        let two = #"{"TemplateId":"T","MsgID":17,"ErrorCode":10001,"ErrorStatus":"failed"}"#
        let supplier = Self.supplier(.weChatMiniProgram)
        let bodies = [
            (xml(entry("2794188253209100289", "0")), 1, 0), (json(one), 1, 0), (json("[\(one)]"), 1, 0),
            (xml(entry("2794188253209100289", "0") + entry("17", "10001")), 2, 0),
            (json("[\(one),\(two)]"), 2, 0), (json("[\(one),{},7]"), 1, 2),
        ]
        for (body, count, malformed) in bodies {
            guard case .receipts(let raw, _) = try supplier.open(Self.callback("POST", body)) else {
                Issue.record("not kept")
                return
            }
            let page = try supplier.readReceipts(raw)
            #expect(page.malformed == malformed)
            #expect(
                page.receipts.map(\.reference) == ["2794188253209100289", "17"].prefix(count).map(\.self)
            )
            #expect(page.receipts.map(\.delivered) == [true, false].prefix(count).map(\.self))
            #expect(page.receipts.map(\.code) == ["success", "10001"].prefix(count).map(\.self))
            #expect(page.receipts.allSatisfy { $0.recipient == "o1" })
        }
    }
}

extension SupplierError {
    var isMalformed: Bool { if case .malformed = self { true } else { false } }
}
