package import Groundwork

/// What one process of a cluster tells the others.
package enum WakeWord: Hashable, Sendable {
    /// To whoever leads: there may be something to hand over.
    case runsMayGo
    /// To whoever leads: these were added, and are due.
    case runsAdded([JobRun])
    /// To whoever holds a call of one of these executors: there may be something to tell it.
    case mayBeTold(Set<ExecutorAddress>)
    /// To whoever holds a call of the executor: somebody wants to see a page of a log.
    case question(PullQuestion, at: ExecutorAddress)
    /// To whoever asked.
    case page(PulledPage)
}

extension WakeWord: WireMessage {
    package init(wire: WireValue) throws(WireError) {
        guard let body = wire.object else { throw WireError(.wrongKind) }
        if let list = body["mayBeTold"].list {
            self = .mayBeTold(Set(list.compactMap { $0.text.map(ExecutorAddress.init(stored:)) }))
        } else if !body["question"].isNull {
            let address = ExecutorAddress(stored: body["at"].text ?? "")
            self = .question(try PullQuestion(wire: body["question"]), at: address)
        } else if !body["page"].isNull {
            self = .page(try PulledPage(wire: body["page"]))
        } else if let runs = body["runsAdded"].list {
            self = .runsAdded(try runs.map { run throws(WireError) in try JobRun(added: run) })
        } else {
            self = .runsMayGo
        }
    }

    package var wire: WireValue {
        switch self {
        case .runsMayGo: .object([:])
        case .runsAdded(let runs): .object(["runsAdded": .list(runs.map(\.added))])
        case .mayBeTold(let addresses):
            .object(["mayBeTold": .list(addresses.map(\.url).sorted().map(WireValue.text))])
        case .question(let question, let address):
            .object(["question": question.wire, "at": .text(address.url)])
        case .page(let page): .object(["page": page.wire])
        }
    }
}

extension WakeWord {
    /// The most bytes that go out to name a run; a longer one is left to be found.
    private static let longest = 16_384

    /// What the other processes are told when a bell was rung here.
    static func words(for ring: RunBell.Ring) -> [WakeWord] {
        let short = ring.added.filter { $0.plan.terms.params.utf8.count <= longest }
        let isForMore = ring.isForMore || short.count < ring.added.count
        return (short.isEmpty ? [] : [.runsAdded(short)]) + (isForMore ? [.runsMayGo] : [])
    }
}
