import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine

/// The send API: what other systems call to reach people.
///
/// It answers below `/api/v1`, and at the paths of older platforms in their manner: a refusal there is a status of
/// 200 with a code other than `0`.
struct SendRoutes {
    let send: SendChain
    let recall: RecallChain

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.post, "api/v1/send") { call in try await self.send(call, SendInput.single) }
        api.route(.post, "api/v1/send/batch") { call in try await self.send(call, SendInput.batch) }
        api.route(.post, "api/v1/recall") { call in try await self.recall(call) }
        api.route(.post, "send") { call in
            try await Self.plainly { try await self.send(call, SendInput.single) }
        }
        api.route(.post, "batchSend") { call in
            try await Self.plainly { try await self.send(call, SendInput.batch) }
        }
        api.route(.post, "recall") { call in try await Self.plainly { try await self.recall(call) } }
    }

    private func send(_ call: Call, _ read: (inout Input) throws -> SendRequest) async throws -> Answer {
        let request = try await Self.reading { try await call.body(read) }
        let receipt = try await send.accept(request)
        let data = receipt.verdicts.map { $0.json(receipt.businessID) }
        let taken = receipt.verdicts.count { $0.isAccepted }
        if taken == 0, case .failure(let fault)? = receipt.verdicts.first?.result {
            throw SendRefusal(fault: fault, more: ["data": .objects(data)])
        }
        let refused = receipt.verdicts.count - taken
        return Self.success(refused == 0 ? "accepted" : "\(taken) accepted, \(refused) refused", data)
    }

    private func recall(_ call: Call) async throws -> Answer {
        let messages = try await Self.reading { try await call.body(SendInput.recall) }
        let verdicts = try await recall.recall(messages)
        let recalled = verdicts.count { $0.result == .recalled || $0.result == .withdrawn }
        return Self.success("\(recalled) of \(verdicts.count) taken back", verdicts.map(\.json))
    }

    private static func success(_ message: String, _ data: [WireObject]) -> Answer {
        Answer(["code": "0", "msg": .text(message), "data": .objects(data)])
    }

    /// Callers of the send API know one code for whatever cannot be read.
    private static func reading<Result>(_ read: () async throws -> Result) async throws -> Result {
        do { return try await read() } catch let fault as InputFault {
            throw SendFault(.badParams, field: fault.field, fault.message)
        }
    }

    /// Answers as older platforms did; what is our fault stays an error.
    private static func plainly(_ answer: () async throws -> Answer) async throws -> Answer {
        do { return try await answer() } catch {
            let refusal = ErrorAnswer(error)
            guard !refusal.isOurs else { throw error }
            let message = refusal.field.map { "\($0): \(refusal.message)" } ?? refusal.message
            return Answer(["code": .text(refusal.code), "msg": .text(message), "data": refusal.more["data"]])
        }
    }
}

extension SendVerdict {
    fileprivate var isAccepted: Bool {
        if case .success = result { true } else { false }
    }

    fileprivate func json(_ businessID: BusinessID?) -> WireObject {
        var json: WireObject = ["bizId": .optional(bizID), "receiver": .text(receiver)]
        switch result {
        case .success(let message):
            json.append("messageId", .digits(message.rawValue))
            json.append("businessId", .optional(businessID?.description))
        case .failure(let fault):
            json.append("code", .text(fault.code.rawValue))
            json.append("field", .text(fault.field))
            json.append("msg", .text(fault.message))
        }
        return json
    }
}

extension RecallVerdict {
    fileprivate var json: WireObject {
        [
            "messageId": .digits(message.rawValue), "result": .text(result.rawValue),
            "state": .number(state?.rawValue), "stateName": .optional(state?.name),
        ]
    }
}
