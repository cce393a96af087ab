package import Groundwork
package import PushEngine

extension SupplierKind {
    package static let tencent = SupplierKind(rawValue: "tencent")
}

extension SupplierForm {
    package static let tencent = SupplierForm(
        .tencent,
        title: "Tencent Cloud SMS",
        channel: .sms,
        address: "https://sms.tencentcloudapi.com",
        fields: [
            .required("secretId", "who signs"),
            .secret("secretKey", "what signs"),
            .required("smsSdkAppId", "the application, such as 1400006666"),
            .required("signName", "the signature shown in 【】, without the brackets"),
            .required("templateId", "the approved template, whose only parameter is the rendered text"),
            .optional("region", "ap-guangzhou without one"),
        ],
        austin: .tencent
    ) { TencentSupplier($0, $1) }
}

/// Speaks Tencent Cloud SMS, API version 2021-01-11.
///
/// One call sends one text to at most 200 numbers and brings a verdict for each, matched by the number. The call's
/// key travels as `SessionContext`.
package struct TencentSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: 200, sameContent: true)]
    package let callLimits: [RateLimit]

    private let credentials: SupplierAccount
    private let endpoint: SupplierEndpoint
    private let signer: TC3Signer
    private let tools: SupplierTools

    /// Makes the adapter of one account.
    ///
    /// Tencent refuses a date more than 5 minutes off.
    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        credentials = account
        endpoint = SupplierEndpoint(account.url)
        let secretID = account["secretId"]
        signer = TC3Signer(secretID: secretID, secretKey: account.secret("secretKey"), service: "sms")
        // cloud.tencent.com/document/api/382/55981 (SendSms).
        callLimits = account.callLimits([CallRate(3_000)], countedBy: secretID)
        self.tools = tools
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        let count = call.recipients.count
        guard call.contents.count == 1, (1...200).contains(count) else {
            return SupplierReply(all: .refused(Refusal(.badContent, code: "kpush.call_shape")), count: count)
        }
        switch await post("SendSms", body: sendBody(call)) {
        case .ended(let verdict): return SupplierReply(all: verdict, count: count)
        case .answered(let response):
            // Tencent says everything under one status: what comes with another is not its word.
            guard response.status == 200 else {
                return SupplierReply(all: SupplierExchange.verdict(onUnreadable: response), count: count)
            }
            do throws(JSONError) {
                return try TencentReply(response.body).verdicts(on: call)
            } catch {
                return SupplierReply(all: SupplierExchange.verdict(onUnreadable: response), count: count)
            }
        }
    }

    package func pullReceipts() async throws(SupplierError) -> ReceiptPage {
        var body = JSONWriter()
        body.beginObject()
        body.key("Limit")
        body.integer(100)
        body.key("SmsSdkAppId")
        body.string(credentials["smsSdkAppId"])
        body.endObject()
        let answer = try await ask("PullSmsSendStatus", body: body.bytes)
        // These rows are gone at the supplier: even what cannot be read is handed on, to be kept.
        guard let page = try? TencentReceipts.read(answer) else {
            return ReceiptPage(receipts: [], raw: answer, malformed: 1)
        }
        return page
    }

    package func pullWords() async throws(SupplierError) -> ReceiptPage {
        let body = WireValue.object(["Limit": 100, "SmsSdkAppId": .text(credentials["smsSdkAppId"])]).json
        let answer = try await ask("PullSmsReplyStatus", body: body)
        return SMSReplies.tencent(answer) ?? ReceiptPage(receipts: [], raw: answer, malformed: 1)
    }

    package func isLasting(_ refusal: Refusal) -> Bool {
        refusal.code == "FailedOperation.PhoneNumberInBlacklist"
    }

    package func open(_ callback: SupplierCallback) throws(SupplierError) -> CallbackContents {
        // Tencent signs no callback: the address is its own secret.
        .receipts(callback.body, answer: CallbackAnswer(json: ["result": 0, "errmsg": "OK"]))
    }

    package func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage {
        if let page = SMSReplies.tencent(raw) { return page }
        do throws(JSONError) {
            return try TencentReceipts.read(raw)
        } catch {
            throw .malformed(error.description)
        }
    }

    package func query(
        recipient: String,
        requestKey: String,
        sentAt: Moment
    ) async throws(SupplierError) -> QueryAnswer {
        // Two clocks may differ by as much as a signature allows.
        let start = sentAt - .seconds(300)
        for page in 0..<Self.queryPages {
            let body = queryBody(recipient: recipient, start: start, offset: page * 100)
            let found = try readReceipts(try await ask("PullSmsSendStatusByPhoneNumber", body: body))
            if let receipt = found.receipts.first(where: { $0.requestKey == requestKey }) {
                return .receipt(receipt)
            }
            if found.receipts.count + found.malformed < 100 { break }
        }
        return .unknown
    }

    package func statistics(of day: DaySpan) async throws(SupplierError) -> SupplierDay? {
        let question = TencentStatistics.question(day, app: credentials["smsSdkAppId"])
        let answer = try await ask("SendStatusStatistics", body: question)
        do throws(JSONError) {
            return try TencentStatistics.read(answer)
        } catch {
            throw .malformed(error.description)
        }
    }

    private static let queryPages = 10
    private static let contentType = "application/json; charset=utf-8"

    private func sendBody(_ call: SupplierCall) -> [UInt8] {
        var body = JSONWriter(capacity: 512 + call.recipients.count * 18)
        body.beginObject()
        body.key("PhoneNumberSet")
        body.beginArray()
        for recipient in call.recipients { body.string(recipient) }
        body.endArray()
        body.key("SmsSdkAppId")
        body.string(credentials["smsSdkAppId"])
        body.key("SignName")
        body.string(credentials["signName"])
        body.key("TemplateId")
        body.string(credentials["templateId"])
        body.key("TemplateParamSet")
        body.beginArray()
        for content in call.contents { body.string(content) }
        body.endArray()
        body.key("SessionContext")
        body.string(call.requestKey)
        body.endObject()
        return body.bytes
    }

    private func queryBody(recipient: String, start: Moment, offset: Int) -> [UInt8] {
        var body = JSONWriter()
        body.beginObject()
        body.key("SendDateTime")
        body.integer(start.secondsSinceEpoch)
        body.key("Offset")
        body.integer(Int64(offset))
        body.key("Limit")
        body.integer(100)
        body.key("PhoneNumber")
        body.string(recipient)
        body.key("SmsSdkAppId")
        body.string(credentials["smsSdkAppId"])
        body.endObject()
        return body.bytes
    }

    /// Makes a call that is not about one batch and returns the body of a success.
    private func ask(_ action: String, body: [UInt8]) async throws(SupplierError) -> [UInt8] {
        switch await post(action, body: body) {
        case .ended(let verdict): throw SupplierError(verdict)
        case .answered(let response):
            guard (200...299).contains(response.status) else {
                throw SupplierError(SupplierExchange.verdict(onUnreadable: response))
            }
            // A body that is no answer to a send is what is hoped for here.
            if case .refusal(let refusal)? = try? TencentReply(response.body) { throw .refused(refusal) }
            return response.body
        }
    }

    private func post(_ action: String, body: [UInt8]) async -> SupplierExchange {
        let now = tools.clock.now
        let region = credentials["region"]
        let authorization = signer.authorization(
            host: endpoint.host,
            contentType: Self.contentType,
            action: action,
            body: body,
            at: now
        )
        let request = HTTPRequest(
            url: endpoint.url,
            headers: [
                ("Host", endpoint.host),
                ("Content-Type", Self.contentType),
                ("X-TC-Action", action),
                ("X-TC-Version", "2021-01-11"),
                ("X-TC-Region", region.isEmpty ? "ap-guangzhou" : region),
                ("X-TC-Timestamp", String(now.secondsSinceEpoch)),
                ("Authorization", authorization),
            ],
            body: body,
            timeouts: tools.timeouts
        )
        return await SupplierExchange.make(request, over: tools.http)
    }
}
