package import Groundwork
package import PushEngine

extension SupplierKind {
    package static let yunpian = SupplierKind(rawValue: "yunpian")
}

extension SupplierForm {
    package static let yunpian = SupplierForm(
        .yunpian,
        title: "Yunpian SMS",
        channel: .sms,
        address: "https://sms.yunpian.com",
        fields: [
            .secret("apikey", "what every call carries"),
            .required("tplId", "the approved template, whose only variable `#content#` is the rendered text"),
        ],
        austin: .yunpian
    ) { YunpianSupplier($0, $1) }
}

/// Speaks Yunpian SMS, version 2.
///
/// One call sends one text to at most 1000 numbers and brings a verdict for each, matched by the number. The call's
/// key travels as `uid`.
package struct YunpianSupplier: Supplier {
    package let account: AccountID
    package let shapes = [CallShape(recipients: 1_000, sameContent: true)]
    package let callLimits: [RateLimit]

    private let endpoint: SupplierEndpoint
    private let apikey: Secret
    private let template: String
    private let tools: SupplierTools

    /// Makes the adapter of one account.
    package init(_ account: SupplierAccount, _ tools: SupplierTools) {
        self.account = account.id
        endpoint = SupplierEndpoint(account.url)
        apikey = account.secret("apikey")
        template = account["tplId"]
        // Yunpian publishes no rate.
        callLimits = account.callLimits([], countedBy: account.name)
        self.tools = tools
    }

    package func send(_ call: SupplierCall) async -> SupplierReply {
        let count = call.recipients.count
        guard call.contents.count == 1, (1...1_000).contains(count) else {
            return SupplierReply(all: .refused(Refusal(.badContent, code: "kpush.call_shape")), count: count)
        }
        let form = [
            (name: "mobile", value: call.recipients.map(MainlandNumber.written).joined(separator: ",")),
            (name: "tpl_id", value: template),
            (name: "tpl_value", value: Self.values([("#content#", call.contents[0])])),
            (name: "uid", value: call.requestKey),
        ]
        switch await post("tpl_batch_send", form) {
        case .ended(let verdict): return SupplierReply(all: verdict, count: count)
        case .answered(let response):
            do throws(JSONError) {
                return try YunpianReply(response.body).verdicts(on: call, status: response.status)
            } catch {
                return SupplierReply(all: SupplierExchange.verdict(onUnreadable: response), count: count)
            }
        }
    }

    package func pullReceipts() async throws(SupplierError) -> ReceiptPage {
        let answer = try await ask("pull_status", [("page_size", "100")])
        // These rows are gone at the supplier: even what cannot be read is handed on, to be kept.
        guard let page = try? YunpianReceipts.read(answer) else {
            return ReceiptPage(receipts: [], raw: answer, malformed: 1)
        }
        return page
    }

    package func pullWords() async throws(SupplierError) -> ReceiptPage {
        let answer = try await ask("pull_reply", [("page_size", "100")])
        if let page = SMSReplies.yunpian(answer) { return page }
        // A list without an entry is one of neither kind.
        let isEmpty = (try? YunpianReceipts.read(answer))?.isEmpty == true
        return ReceiptPage(receipts: [], raw: answer, malformed: isEmpty ? 0 : 1)
    }

    /// 10: the number is on Yunpian's blacklist.
    package func isLasting(_ refusal: Refusal) -> Bool { refusal.code == "10" }

    package func open(_ callback: SupplierCallback) throws(SupplierError) -> CallbackContents {
        // Yunpian signs no callback: the address is its own secret.
        guard let form = PercentEncoding.parameters(of: callback.body) else {
            throw .malformed("a form that is not rightly encoded")
        }
        let answer = CallbackAnswer(text: "SUCCESS")
        // What people answer comes to the same address.
        guard let value = form.first(where: { ["sms_status", "sms_reply"].contains($0.name) })?.value else {
            throw .malformed("a form without sms_status")
        }
        return .receipts(YunpianReceipts.posted(value), answer: answer)
    }

    package func readReceipts(_ raw: [UInt8]) throws(SupplierError) -> ReceiptPage {
        if let page = SMSReplies.yunpian(raw) { return page }
        do throws(JSONError) {
            return try YunpianReceipts.read(raw)
        } catch {
            throw .malformed(error.description)
        }
    }

    package func query(
        recipient: String,
        requestKey: String,
        sentAt: Moment
    ) async throws(SupplierError) -> QueryAnswer {
        // Two clocks may differ, and a call takes its time.
        let (start, end) = (sentAt - .seconds(300), sentAt + .seconds(600))
        for page in 1...Self.queryPages {
            let answer = try await ask(
                "get_record",
                [
                    ("mobile", MainlandNumber.written(recipient)),
                    ("start_time", CivilTime(start, offset: CivilTime.china).text),
                    ("end_time", CivilTime(end, offset: CivilTime.china).text),
                    ("page_num", String(page)), ("page_size", "100"),
                ]
            )
            let records: [YunpianReceipts.Record]
            do { records = try YunpianReceipts.records(answer) } catch { throw .malformed(error.description) }
            if let record = records.first(where: { $0.requestKey == requestKey }) {
                return record.answer(for: recipient, sentAt: sentAt)
            }
            if records.count < 100 { break }
        }
        return .unknown
    }

    private static let queryPages = 10

    /// The variables of a template: a form of its own, which is encoded again as a value of the call's.
    static func values(_ variables: [(name: String, value: String)]) -> String {
        PercentEncoding.form(variables)
    }

    /// Makes a call that is not about one batch and returns the body of a success, which is a list.
    private func ask(
        _ action: String,
        _ form: [(name: String, value: String)]
    ) async throws(SupplierError) -> [UInt8] {
        let response = try await post(action, form).response()
        if case .refusal(let refusal)? = try? YunpianReply(response.body) { throw .refused(refusal) }
        guard (200...299).contains(response.status) else {
            throw SupplierError(SupplierExchange.verdict(onUnreadable: response))
        }
        return response.body
    }

    private func post(_ action: String, _ form: [(name: String, value: String)]) async -> SupplierExchange {
        let request = HTTPRequest(
            url: "\(endpoint.url)v2/sms/\(action).json",
            headers: [
                ("Content-Type", "application/x-www-form-urlencoded;charset=utf-8"),
                ("Accept", "application/json;charset=utf-8"),
            ],
            body: PercentEncoding.formBytes([(name: "apikey", value: apikey.reveal())] + form),
            timeouts: tools.timeouts
        )
        return await SupplierExchange.make(request, over: tools.http)
    }
}
