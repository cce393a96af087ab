import Groundwork
import PushEngine
import TestKit

@testable import Suppliers

/// Accounts of app push, and adapters that speak for them, for tests.
enum PushAccounts {
    static let now = Moment(secondsSinceEpoch: 1_700_000_000)

    static func account(
        _ kind: SupplierKind,
        url: String = "http://127.0.0.1:8890/prefix",
        _ values: [String: String],
        _ secrets: [String: String]
    ) -> SupplierAccount {
        SupplierAccount(
            id: AccountID(rawValue: 1),
            name: "test",
            kind: kind,
            channel: .push,
            url: url,
            config: AccountConfig(values, secrets: secrets.mapValues { Secret($0) })
        )
    }

    static func tools(_ http: any HTTPClient) -> SupplierTools {
        SupplierTools(http: http, clock: ManualClock(now).calendar)
    }

    static func supplier(_ account: SupplierAccount, _ http: any HTTPClient) -> any Supplier {
        SupplierForms(SupplierCatalogue.forms).adapter(of: account, tools(http))
    }

    /// A call with some content, by default a title and a text.
    static func call(
        _ recipients: String...,
        content: String = #"{"title":"标题","content":"您好"}"#,
        key: String = "kp1x4z-9c"
    ) -> SupplierCall {
        call(recipients, content: content, key: key)
    }

    static func call(
        _ recipients: [String],
        content: String = #"{"title":"标题","content":"您好"}"#,
        key: String = "kp1x4z-9c"
    ) -> SupplierCall {
        SupplierCall(
            requestKey: key,
            recipients: recipients,
            contents: [content],
            contentIndex: recipients.map { _ in 0 }
        )
    }

    /// A content with a link and data of all kinds.
    static let rich =
        #"{"title":"t","content":"c","url":"https://a.b/c","data":{"order":7,"vip":true,"note":"n","list":[1]}}"#

    /// A content too long for any of them.
    static let tooLong = #"{"title":"t","content":"\#(String(repeating: "x", count: 4_200))"}"#
}

extension Result<HTTPResponse, HTTPError> {
    /// An answer of a script.
    static func answer(
        _ status: Int = 200,
        _ body: String,
        _ headers: [(name: String, value: String)] = []
    ) -> Self {
        .success(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
    }
}
