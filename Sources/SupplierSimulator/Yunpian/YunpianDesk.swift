import Groundwork
import Synchronization

/// The simulated Yunpian SMS, version 2.
struct YunpianDesk: CalledDesk {
    let supplier = SimulatedSupplier.yunpian
    let simulation: Simulation
    let account: SimulatorCredentials.Account

    func refusal(_ refusal: SimulatedRefusal, at now: Moment) -> SimulatedReply {
        SimulatedReply(status: 400, body: YunpianWriter.refusal(refusal))
    }

    func reference(of entry: UInt32, in ledger: SupplierLedger) -> String {
        String(YunpianWriter.serial(entry))
    }

    func post(of entries: [UInt32], to url: String, in ledger: SupplierLedger) -> HTTPRequest {
        let list = YunpianWriter.receipts(entries.map { YunpianWriter.Row($0, in: ledger) })
        let encoded = FormParameters.encoded(String(decoding: list, as: UTF8.self))
        return .receipts(
            Array("sms_status=\(encoded)".utf8),
            to: url,
            as: "application/x-www-form-urlencoded"
        )
    }

    func isTaken(_ response: HTTPResponse) -> Bool {
        response.status == 200 && ["SUCCESS", "0"].contains(String(decoding: response.body, as: UTF8.self))
    }

    var postWaits: [Duration] { [.seconds(300), .seconds(300), .seconds(300)] }

    func serve(_ request: SimulatedRequest, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard request.method == "POST", let form = request.form else {
            throw SimulatedRefusal("2", "请求参数格式错误")
        }
        let key = [account.key, account.nextKey].first { $0.secretKey.matches(form["apikey"] ?? "") }
        guard let key else { throw SimulatedRefusal("-1", "非法的apikey") }
        let isRevoked = simulation.world.withLock { world in
            // No rate is published: the call is only counted.
            _ = world.admit(request.path, [], of: .yunpian, at: now)
            return world.revokedKeys.contains(key.accessKey)
        }
        guard !isRevoked else { throw SimulatedRefusal("-1", "非法的apikey") }
        switch request.path {
        case "/v2/sms/tpl_batch_send.json":
            return try send(form, usedNextKey: key == account.nextKey, at: now)
        case "/v2/sms/pull_status.json": return try pull(form, at: now)
        case "/v2/sms/pull_reply.json": return pullAnswers(form)
        case "/v2/sms/get_record.json": return try look(form, at: now)
        default: throw SimulatedRefusal("14", "解密失败")
        }
    }

    private func send(
        _ form: FormParameters,
        usedNextKey: Bool,
        at now: Moment
    ) throws(SimulatedRefusal) -> SimulatedReply {
        guard form["tpl_id"] == account.templateID else {
            throw SimulatedRefusal("7", "模板不可用")
        }
        let content = try Self.content(form["tpl_value"] ?? "")
        let mobiles = (form["mobile"] ?? "").split(separator: ",").map(String.init)
        let key = form["uid"] ?? ""
        guard (1...1_000).contains(mobiles.count), key.utf8.count <= 256 else {
            throw SimulatedRefusal("2", "请求参数格式错误")
        }
        let numbers = mobiles.map { PhoneDigits.e164(Array($0.utf8)[...]) }
        let course = simulation.world.withLock { $0.course(of: numbers.compactMap(\.self), at: .yunpian) }
        guard course.isTaken else {
            if course.ending == .throttled { throw SimulatedRefusal("-5", "访问频率超限") }
            return SimulatedReply(SimulatedReply(body: []), course: course)
        }
        let verdicts = simulation.world.withLock { world in
            let hash = ContentHash.of(content.utf8)
            var verdicts: [YunpianWriter.Verdict] = []
            var accepted: [World.Message] = []
            let first = UInt32(world.ledger.count)
            for number in numbers {
                if let fault = Self.fault(number, hash, at: now, in: &world) {
                    world.refuse(String(fault), of: .yunpian)
                    verdicts.append(.refused(fault))
                } else {
                    verdicts.append(.accepted(first + UInt32(accepted.count)))
                    accepted.append(World.Message(recipient: number ?? 0, contentHash: hash))
                }
            }
            if !accepted.isEmpty {
                let key = Array(key.utf8)[...]
                _ = world.accept(accepted, by: .yunpian, usedNextKey: usedNextKey, key: key, at: now)
            }
            return verdicts
        }
        simulation.ringForPosts()
        let body = YunpianWriter.sent(mobiles, verdicts, charge: (content.count + 69) / 70)
        return SimulatedReply(SimulatedReply(body: body), course: course)
    }

    /// The value of the template's only variable; the form of variables is encoded once more than the rest.
    private static func content(_ values: String) throws(SimulatedRefusal) -> String {
        let isEncoded = values.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-_.~*+%=&".utf8.contains(byte)
            }
        }
        guard isEncoded, let variables = FormParameters(values.utf8), variables.pairs.count == 1,
            let content = variables["#content#"], !content.isEmpty
        else { throw SimulatedRefusal("5", "未找到匹配的模板") }
        return content
    }

    private static func fault(
        _ number: UInt64?,
        _ hash: UInt64,
        at now: Moment,
        in world: inout World
    ) -> Int64? {
        guard let number else { return 2 }
        switch world.script(of: number) {
        case .badRecipient: return 10
        case .throttled: return 17
        default: return world.yunpian.fault(number, hash, at: now)
        }
    }

    private func pull(_ form: FormParameters, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        let size = form["page_size"].map { Int($0) ?? 0 } ?? 20
        guard (1...100).contains(size) else {
            throw SimulatedRefusal("2", "请求参数格式错误")
        }
        let rows = simulation.world.withLock { world in
            guard world.callbacks[.yunpian] == nil else { return [YunpianWriter.Row]() }
            let due = world.receipts[.yunpian].takeDue(at: now.millisecondsSinceEpoch, limit: size)
            world.tally[.yunpian].receiptsSent += due.count
            return due.map { YunpianWriter.Row($0, in: world.ledger) }
        }
        return SimulatedReply(body: YunpianWriter.receipts(rows))
    }

    private func pullAnswers(_ form: FormParameters) -> SimulatedReply {
        let size = form["page_size"].flatMap { Int($0) } ?? 20
        let answers = simulation.world.withLock { $0.takeAnswers(of: .yunpian, limit: size) }
        return SimulatedReply(body: Self.pulled(answers))
    }

    private func look(_ form: FormParameters, at now: Moment) throws(SimulatedRefusal) -> SimulatedReply {
        guard let number = PhoneDigits.e164(Array((form["mobile"] ?? "").utf8)[...]),
            let start = form["start_time"].flatMap({ CivilTime($0) })?.moment(offset: CivilTime.china),
            let end = form["end_time"].flatMap({ CivilTime($0) })?.moment(offset: CivilTime.china),
            let page = form["page_num"].flatMap({ Int($0) }), page >= 1,
            let size = form["page_size"].flatMap({ Int($0) }), (1...100).contains(size)
        else { throw SimulatedRefusal("2", "请求参数格式错误") }
        let rows = simulation.world.withLock { world in
            world.ledger.entries(of: number).map { YunpianWriter.Row($0, in: world.ledger) }
        }
        let shown = rows.filter { $0.supplier == .yunpian && $0.sentAt >= start && $0.sentAt <= end }
            .dropFirst((page - 1) * size).prefix(size)
        return SimulatedReply(body: YunpianWriter.records(Array(shown), at: now))
    }
}
