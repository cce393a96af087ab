import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// What both adapters make of the ways in which a call can end, whatever the supplier says.
@Suite struct SupplierOutcomeTests {
    private static let clock = ManualClock(Moment(secondsSinceEpoch: 1_700_000_000))

    static func account(_ kind: SupplierKind, url: String = "http://127.0.0.1:8890/prefix") -> SupplierAccount
    {
        let config =
            kind == .tencent
            ? AccountConfig(
                ["secretId": "key", "smsSdkAppId": "1400006666", "signName": "签名", "templateId": "T1"],
                secrets: ["secretKey": Secret("secret")]
            )
            : AccountConfig(
                ["accessKeyId": "key", "signName": "签名", "templateCode": "T1"],
                secrets: ["accessKeySecret": Secret("secret")]
            )
        return SupplierAccount(
            id: AccountID(rawValue: 1),
            name: "test",
            kind: kind,
            channel: .sms,
            url: url,
            config: config
        )
    }

    static func supplier(_ kind: SupplierKind, over http: any HTTPClient, url: String? = nil) -> any Supplier
    {
        let account = url.map { Self.account(kind, url: $0) } ?? Self.account(kind)
        return SupplierForms(SupplierCatalogue.forms)
            .adapter(of: account, SupplierTools(http: http, clock: clock.calendar))
    }

    static func call(_ recipients: [String], contents: [String] = ["hello"]) -> SupplierCall {
        SupplierCall(
            requestKey: "k-1",
            recipients: recipients,
            contents: contents,
            contentIndex: recipients.indices.map { $0 % max(1, contents.count) }
        )
    }

    private static let two = call(["+8613800138000", "+8613800138001"])

    @Test(
        arguments: [SupplierKind.tencent, .aliyun],
        [
            (HTTPError.Code.badURL, Refusal.Class?.some(.badConfig)), (.unreachable, .transient),
            (.connectTimeout, .transient), (.brokenBeforeWrite, .transient),
            (.cancelledBeforeWrite, .transient), (.noAnswer, nil), (.answerTimeout, nil), (.cancelled, nil),
            (.tooLarge, nil),
        ]
    )
    func `a broken call is a refusal only when nothing was written`(
        kind: SupplierKind,
        failure: (code: HTTPError.Code, fault: Refusal.Class?)
    ) async {
        let http = ScriptedHTTPClient([.failure(HTTPError(failure.code))])
        let reply = await Self.supplier(kind, over: http).send(Self.two)
        #expect(reply.verdicts.map(\.fault) == [failure.fault, failure.fault])
        #expect(!reply.mayBeSplit)
    }

    @Test(
        arguments: [SupplierKind.tencent, .aliyun],
        [
            (200, Refusal.Class?.none), (204, nil), (301, .badConfig), (400, .badContent), (401, .badConfig),
            (403, .badConfig), (404, .badConfig), (408, .transient), (429, .throttled), (500, .transient),
            (502, nil),
            (503, .transient), (504, nil),
        ]
    )
    func `an answer that is not the supplier's is judged by its status`(
        kind: SupplierKind,
        answer: (status: Int, fault: Refusal.Class?)
    ) async {
        for body in ["", "<html>", "{", "[]", "null", "{}", #"{"Response":{}}"#, #"{"Code":7}"#] {
            let http = ScriptedHTTPClient(status: answer.status, body)
            let reply = await Self.supplier(kind, over: http).send(Self.two)
            #expect(reply.verdicts.map(\.fault) == [answer.fault, answer.fault], "\(body)")
        }
    }

    @Test(arguments: [SupplierKind.tencent, .aliyun])
    func `a call that fits no shape is not made`(kind: SupplierKind) async {
        let http = ScriptedHTTPClient()
        let supplier = Self.supplier(kind, over: http)
        let many = (0..<1_001).map { "+86138\(10_000_000 + $0)" }
        let ill = [
            Self.call(many), Self.call(Array(many.prefix(201)), contents: ["a", "b"]),
            Self.call(many, contents: []),
            SupplierCall(requestKey: "k", recipients: ["+8613800138000"], contents: [], contentIndex: [0]),
        ]
        for call in ill {
            let reply = await supplier.send(call)
            #expect(reply.verdicts.count == call.recipients.count)
            #expect(reply.verdicts.allSatisfy { $0.fault == .badContent })
        }
        #expect(http.requests.isEmpty)
    }

    @Test(
        arguments: [SupplierKind.tencent, .aliyun],
        [
            ("http://127.0.0.1:8890/prefix", "http://127.0.0.1:8890/prefix/", "127.0.0.1:8890"),
            ("https://sms.example.com", "https://sms.example.com/", "sms.example.com"),
            ("https://sms.example.com:443/a/", "https://sms.example.com:443/a/", "sms.example.com"),
            ("http://h:80/", "http://h:80/", "h"), ("http://h:443/", "http://h:443/", "h:443"),
        ]
    )
    func `the host that is signed is the host that is sent`(
        kind: SupplierKind,
        address: (account: String, url: String, host: String)
    ) async throws {
        let http = ScriptedHTTPClient("{}")
        _ = await Self.supplier(kind, over: http, url: address.account).send(Self.two)
        let request = try #require(http.requests.first)
        #expect(request.url == address.url)
        #expect(request.field("host") == address.host)
    }
}

extension SupplierVerdict {
    /// The class of a refusal; nil for an acceptance or an open end.
    var fault: Refusal.Class? {
        if case .refused(let refusal) = self { refusal.fault } else { nil }
    }

    /// Whether the message may or may not have been sent.
    var isAmbiguous: Bool {
        if case .ambiguous = self { true } else { false }
    }
}
