import Groundwork
import PushEngine
import Scheduler

/// Tells of jobs' trouble the way every message goes: by a template, over its channel, recorded and traced.
struct ChainAlarmSender: AlarmSender {
    private let chain: SendChain

    init(_ chain: SendChain) {
        self.chain = chain
    }

    func send(_ notice: AlarmNotice) async throws(AlarmFault) {
        let param = MessageParam(
            bizID: "alarm-\(notice.run?.rawValue ?? notice.at.millisecondsSinceEpoch)",
            receivers: notice.target.receivers,
            variables: notice.variables
        )
        let request = SendRequest(
            template: TemplateID(rawValue: notice.target.template),
            params: [param]
        )
        let receipt: SendReceipt
        do { receipt = try await chain.accept(request) } catch {
            throw error.code == .unavailable ? .unavailable("\(error)") : .refused("\(error)")
        }
        let faults = receipt.verdicts.compactMap { verdict -> SendFault? in
            if case .failure(let fault) = verdict.result { fault } else { nil }
        }
        // One bad receiver fails itself; those who are told are not told twice for its sake.
        if faults.count == receipt.verdicts.count, let fault = faults.first { throw .refused("\(fault)") }
    }
}
