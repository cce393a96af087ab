package import Groundwork

/// What one process of a cluster tells the others.
package enum WakeWord: Hashable, Sendable {
    /// To whoever leads: there may be something to hand over.
    case runsMayGo
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
        } else {
            self = .runsMayGo
        }
    }

    package var wire: WireValue {
        switch self {
        case .runsMayGo: .object([:])
        case .mayBeTold(let addresses):
            .object(["mayBeTold": .list(addresses.map(\.url).sorted().map(WireValue.text))])
        case .question(let question, let address):
            .object(["question": question.wire, "at": .text(address.url)])
        case .page(let page): .object(["page": page.wire])
        }
    }
}
