import Crypto
import Groundwork
package import PushEngine

extension SupplierKind {
    package static let linTong = SupplierKind(rawValue: "lintong")
}

extension SupplierForm {
    package static let linTong = SupplierForm(
        .linTong,
        title: "LinTong SMS, or another that takes the same JSON",
        channel: .sms,
        // It is in no document: every account names its own.
        address: "",
        fields: [.required("userName", "who signs"), .secret("password", "what signs")],
        austin: .linTong
    ) { LinTongSupplier($0, $1) }
}

/// Speaks the JSON of LinTong: a list of numbers with their texts, signed with MD5 over name, time and password.
///
/// What the account's address names is called itself, nothing is put behind it. A call may hold as many texts as
/// numbers; it brings a verdict for each number. Nothing more is known: no codes but 0, no receipts, no key that comes
/// back.
package struct LinTongSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: 100, sameContent: false)]
    package let callLimits: [RateLimit]
    package let givesReceipts = false

    private let url: String
    private let userName: String
    private let password: Secret
    private let tools: SupplierTools

    /// Makes the adapter of one account.
    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        url = account.url
        userName = account["userName"]
        password = account.secret("password")
        callLimits = account.callLimits([], countedBy: userName)
        self.tools = tools
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        let count = call.recipients.count
        guard (1...100).contains(count), call.contentIndex.count == count,
            call.contentIndex.allSatisfy(call.contents.indices.contains)
        else {
            return SupplierReply(all: .refused(Refusal(.badContent, code: "kpush.call_shape")), count: count)
        }
        let request = HTTPRequest.json(body(call), to: url, timeouts: tools.timeouts)
        switch await SupplierExchange.make(request, over: tools.http) {
        case .ended(let verdict): return SupplierReply(all: verdict, count: count)
        case .answered(let response): return Self.verdicts(in: response, on: call.recipients)
        }
    }

    private func body(_ call: SupplierCall) -> WireObject {
        let timestamp = tools.clock.now.millisecondsSinceEpoch
        let messages = zip(call.recipients, call.contentIndex)
            .map { recipient, index in
                WireValue.object([
                    "phone": .text(MainlandNumber.written(recipient)), "content": .text(call.contents[index]),
                ])
            }
        return [
            "userName": .text(userName), "timestamp": .integer(timestamp), "messageList": .list(messages),
            "sign": .text(Self.signature(of: userName, password: password, at: timestamp)),
        ]
    }

    /// The signature of a call that is made at `timestamp`, in milliseconds.
    static func signature(of userName: String, password: Secret, at timestamp: Int64) -> String {
        md5(userName + String(timestamp) + md5(password.reveal()))
    }

    private static func md5(_ text: String) -> String {
        Insecure.MD5.hash(data: Array(text.utf8)).hexDigits
    }

    private static func verdicts(in response: HTTPResponse, on recipients: [String]) -> SupplierReply {
        let fields = (try? WireValue(json: response.body))?.object
        guard (200...299).contains(response.status), let fields, let code = fields["code"].wholeNumber else {
            let verdict = SupplierExchange.verdict(onUnreadable: response)
            return SupplierReply(all: verdict, count: recipients.count)
        }
        guard code == 0 else {
            let refusal = refusal(code, fields["message"])
            return SupplierReply(all: .refused(refusal), count: recipients.count)
        }
        var said: [String: SupplierVerdict] = [:]
        for element in fields["data"].list ?? [] {
            guard let element = element.object, let phone = element["phone"].text,
                let code = element["code"].wholeNumber
            else { continue }
            said[MainlandNumber.read(phone)] =
                code == 0
                ? .accepted(reference: element["msgId"].text ?? "", charge: 0)
                : .refused(refusal(code, element["message"]))
        }
        return SupplierReply(
            verdicts: recipients.map {
                said[$0] ?? .ambiguous(detail: "the answer does not speak of this number")
            }
        )
    }

    /// Its codes are in no document: all but the usual one for a busy server count as a fault of the content, so that
    /// nothing is sent again and again.
    private static func refusal(_ code: Int64, _ message: WireValue) -> Refusal {
        Refusal(code == -1 ? .transient : .badContent, code: String(code), message: message.text ?? "")
    }
}
