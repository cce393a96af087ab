package import Groundwork
package import PushEngine

extension SupplierKind {
    package static let aliyun = SupplierKind(rawValue: "aliyun")
}

extension SupplierForm {
    package static let aliyun = SupplierForm(
        .aliyun,
        title: "Aliyun SMS",
        channel: .sms,
        address: "https://dysmsapi.aliyuncs.com",
        fields: [
            .required("accessKeyId", "who signs"),
            .secret("accessKeySecret", "what signs"),
            .required("signName", "the signature shown in 【】, without the brackets"),
            .required(
                "templateCode",
                "the approved template, whose only variable `content` is the rendered text"
            ),
            .optional("regionId", "such as cn-hangzhou; none is sent without one"),
            .optional(
                "signature",
                "acs3 without one; rpc for accounts that still depend on the older style",
                choices: AliyunSignature.allCases.map(\.rawValue)
            ),
        ]
    ) { AliyunSupplier($0, $1) }
}

/// Which of Aliyun's signatures a call carries.
enum AliyunSignature: String, Hashable, Sendable, CaseIterable {
    /// ACS3-HMAC-SHA256, what Aliyun recommends.
    case acs3
    /// The older RPC style over HMAC-SHA1, for accounts that still depend on it.
    case rpc
}

/// Speaks Aliyun SMS (Dysms), API version 2017-05-25.
///
/// A call of one text takes 1000 numbers, one of many texts takes 100; either brings a single verdict, so a refusal
/// that is about one number may be resolved by splitting. The call's key travels as `OutId`.
package struct AliyunSupplier: Supplier {
    package let account: AccountID
    package let shapes = [
        CallShape(recipients: 1_000, sameContent: true), CallShape(recipients: 100, sameContent: false),
    ]
    package let callLimits: [RateLimit]

    private let credentials: SupplierAccount
    private let endpoint: SupplierEndpoint
    private let signing: AliyunSigning
    private let tools: SupplierTools

    /// Makes the adapter of one account.
    ///
    /// Aliyun refuses a date more than 15 minutes off, and asks for time limits of at least a second.
    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        credentials = account
        endpoint = SupplierEndpoint(account.url)
        let keyID = account["accessKeyId"]
        signing = AliyunSigning(
            AliyunSignature(rawValue: account["signature"]) ?? .acs3,
            keyID: keyID,
            secret: account.secret("accessKeySecret")
        )
        // help.aliyun.com, Dysms 2017-05-25 (SendSms, SendBatchSms).
        callLimits = account.callLimits([CallRate(5_000)], countedBy: keyID)
        self.tools = tools
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        let count = call.recipients.count
        let isSameContent = call.contents.count == 1
        guard (1...(isSameContent ? 1_000 : 100)).contains(count), call.contentIndex.count == count,
            call.contentIndex.allSatisfy(call.contents.indices.contains)
        else {
            return SupplierReply(all: .refused(Refusal(.badContent, code: "kpush.call_shape")), count: count)
        }
        let exchange =
            isSameContent
            ? await post("SendSms", sendParameters(call)) : await post("SendBatchSms", batchParameters(call))
        switch exchange {
        case .ended(let verdict): return SupplierReply(all: verdict, count: count)
        case .answered(let response): return AliyunReply.verdicts(in: response, count: count)
        }
    }

    // Aliyun's HTTP API has no queue of receipts: they are posted to us, or asked for one by one.

    package func open(_ callback: SupplierCallback) throws(SupplierError) -> CallbackContents {
        // Aliyun signs no callback: the address is its own secret.
        .receipts(callback.body, answer: CallbackAnswer(json: ["code": 0, "msg": "接收成功"]))
    }

    package func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage {
        if let page = SMSReplies.aliyun(raw) { return page }
        do throws(JSONError) {
            return try AliyunReceipts.read(raw)
        } catch {
            throw .malformed(error.description)
        }
    }

    package func query(
        recipient: String,
        requestKey: String,
        sentAt: Moment
    ) async throws(SupplierError) -> QueryAnswer {
        for date in Self.days(around: sentAt) {
            for page in 1...Self.queryPages {
                let details = try await askDetails(recipient: recipient, date: date, page: page)
                if let detail = details.rows.first(where: { $0.requestKey == requestKey }) {
                    return detail.answer(for: recipient, sentAt: sentAt)
                }
                if details.rows.count < 50 { break }
            }
        }
        return .unknown
    }

    package func statistics(of day: DaySpan) async throws(SupplierError) -> SupplierDay? {
        // It counts China's days and no others.
        guard day.isChinas else { return nil }
        let date = String(day.day.number)
        let mainland = try await askStatistics(date, isGlobe: "1")
        let elsewhere = try await askStatistics(date, isGlobe: "2")
        return SupplierDay(
            accepted: (mainland.accepted ?? 0) + (elsewhere.accepted ?? 0),
            delivered: (mainland.delivered ?? 0) + (elsewhere.delivered ?? 0),
            undelivered: (mainland.undelivered ?? 0) + (elsewhere.undelivered ?? 0)
        )
    }

    private func askStatistics(_ date: String, isGlobe: String) async throws(SupplierError) -> SupplierDay {
        let parameters = [
            (name: "EndDate", value: date), (name: "IsGlobe", value: isGlobe),
            (name: "PageIndex", value: "1"), (name: "PageSize", value: "50"),
            (name: "SignName", value: credentials["signName"]), (name: "StartDate", value: date),
        ]
        return try await ask("QuerySendStatistics", parameters, AliyunStatistics.self).day
    }

    private static let version = "2017-05-25"
    private static let queryPages = 20

    /// The day of `moment` in China, and its neighbour when midnight is so near that two clocks may disagree.
    private static func days(around moment: Moment) -> [String] {
        let days = [moment, moment - .seconds(300), moment + .seconds(300)]
            .map {
                CivilTime($0, offset: CivilTime.china).compactDate
            }
        return days.enumerated().filter { days.firstIndex(of: $0.element) == $0.offset }.map(\.element)
    }

    private func sendParameters(_ call: SupplierCall) -> [(name: String, value: String)] {
        [
            ("OutId", call.requestKey),
            ("PhoneNumbers", call.recipients.map(AliyunNumber.written).joined(separator: ",")),
            ("SignName", credentials["signName"]),
            ("TemplateCode", credentials["templateCode"]),
            ("TemplateParam", Self.json { Self.writeParameters(call.contents[0], to: &$0) }),
        ]
    }

    private func batchParameters(_ call: SupplierCall) -> [(name: String, value: String)] {
        let contents = call.contentIndex.map { call.contents[$0] }
        return [
            ("OutId", call.requestKey),
            ("PhoneNumberJson", Self.jsonArray(call.recipients) { $0.string(AliyunNumber.written($1)) }),
            (
                "SignNameJson",
                Self.jsonArray(call.recipients) { writer, _ in writer.string(credentials["signName"]) }
            ),
            ("TemplateCode", credentials["templateCode"]),
            ("TemplateParamJson", Self.jsonArray(contents) { Self.writeParameters($1, to: &$0) }),
        ]
    }

    /// The approved template has one variable, the whole text.
    private static func writeParameters(_ content: String, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("content")
        writer.string(content)
        writer.endObject()
    }

    private static func jsonArray(_ items: [String], _ write: (inout JSONWriter, String) -> Void) -> String {
        json { writer in
            writer.beginArray()
            for item in items { write(&writer, item) }
            writer.endArray()
        }
    }

    private static func json(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func askDetails(
        recipient: String,
        date: String,
        page: Int
    ) async throws(SupplierError) -> AliyunDetails {
        let parameters = [
            (name: "CurrentPage", value: String(page)),
            (name: "PageSize", value: "50"),
            (name: "PhoneNumber", value: AliyunNumber.written(recipient)),
            (name: "SendDate", value: date),
        ]
        return try await ask("QuerySendDetails", parameters, AliyunDetails.self)
    }

    /// Makes a call that is not about one batch and returns what a success says.
    private func ask<Answer: AliyunAnswer>(
        _ action: String,
        _ parameters: [(name: String, value: String)],
        _ form: Answer.Type
    ) async throws(SupplierError) -> Answer {
        let response = try await post(action, parameters).response()
        let answer: Answer
        do throws(JSONError) { answer = try Answer(response.body) } catch {
            // Under a success status the answer is Aliyun's, and about what was asked.
            if (200...299).contains(response.status) { throw .malformed(error.description) }
            throw SupplierError(SupplierExchange.verdict(onUnreadable: response))
        }
        guard answer.code == "OK" else {
            throw .refused(
                Refusal(AliyunCodes.fault(of: answer.code), code: answer.code, message: answer.message)
            )
        }
        return answer
    }

    private func post(
        _ action: String,
        _ parameters: [(name: String, value: String)]
    ) async -> SupplierExchange {
        let regional =
            credentials["regionId"].isEmpty ? [] : [(name: "RegionId", value: credentials["regionId"])]
        let request = signing.request(
            to: endpoint,
            action: action,
            version: Self.version,
            parameters: parameters + regional,
            at: tools.clock.now,
            timeouts: tools.timeouts
        )
        return await SupplierExchange.make(request, over: tools.http)
    }
}
