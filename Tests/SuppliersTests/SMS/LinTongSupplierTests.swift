import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Suppliers

/// What is sent to a supplier that takes LinTong's JSON, and what its answers come to.
@Suite struct LinTongSupplierTests {
    private static let now = Moment(secondsSinceEpoch: 1_700_000_000)
    private static let numbers = ["+8613711112222", "+12025550123"]

    private static func send(
        _ answer: String,
        status: Int = 200
    ) async -> (reply: SupplierReply, request: HTTPRequest?) {
        let http = ScriptedHTTPClient(status: status, answer)
        let account = SupplierAccount.scripted(
            .linTong,
            ["userName": "user1"],
            secrets: ["password": Secret("pass1")],
            url: "http://sms.example.com/api/send?v=1"
        )
        let supplier = SupplierForms(SupplierCatalogue.forms)
            .adapter(of: account, SupplierTools(http: http, clock: ManualClock(now).calendar))
        let reply = await supplier.send(SupplierOutcomeTests.call(numbers, contents: ["一", "2"]))
        return (reply, http.requests.first)
    }

    @Test func `the vector's name, password and time give its signature`() {
        let signature = LinTongSupplier.signature(
            of: "user1",
            password: Secret("pass1"),
            at: 1_700_000_000_000
        )
        #expect(signature == "ecc410b455b4606ad4c86f2723d10a3b")
    }

    @Test func `each number has its own text, and the address is called as it stands`() async {
        let answer = """
            {"code":0,"message":"ok","data":[{"code":0,"message":"ok","msgId":123,"phone":"13711112222"},
            {"code":"0","msgId":"124","phone":"+12025550123"}]}
            """
        let (reply, request) = await Self.send(answer)
        #expect(
            reply.verdicts == [
                .accepted(reference: "123", charge: 0), .accepted(reference: "124", charge: 0),
            ]
        )
        #expect(request?.url == "http://sms.example.com/api/send?v=1")
        #expect(request?.field("content-type") == "application/json; charset=utf-8")
        #expect(
            request?.text == """
                {"userName":"user1","timestamp":1700000000000,"messageList":[{"phone":"13711112222",\
                "content":"一"},{"phone":"+12025550123","content":"2"}],\
                "sign":"ecc410b455b4606ad4c86f2723d10a3b"}
                """
        )
    }

    @Test func `each number has its own verdict, and one without stays open`() async {
        let (reply, _) = await Self.send(
            #"{"code":0,"data":[{"code":7,"phone":"13711112222","message":"m"}]}"#
        )
        #expect(reply.verdicts.map(\.fault) == [.badContent, nil])
        #expect(reply.verdicts[1].isAmbiguous)
        let (none, _) = await Self.send(#"{"code":0}"#)
        #expect(none.verdicts.allSatisfy { $0.isAmbiguous })
    }

    @Test(arguments: [
        (200, #"{"code":-1,"message":"busy"}"#, Refusal.Class?.some(.transient)),
        (200, #"{"code":5,"message":"m"}"#, .badContent), (200, "{}", nil), (200, "<html>", nil),
        (401, #"{"code":2}"#, .badConfig), (403, "", .badConfig), (429, "{}", .throttled),
        (400, "{}", .badContent),
        (500, "{}", .transient), (502, "{}", nil),
    ])
    func `a refusal of all is judged by its code, or by its status`(
        status: Int,
        body: String,
        fault: Refusal.Class?
    ) async {
        let (reply, _) = await Self.send(body, status: status)
        #expect(reply.verdicts.map(\.fault) == [fault, fault])
        #expect(!reply.mayBeSplit)
    }
}
