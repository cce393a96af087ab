import Groundwork

/// What somebody answers to a supplier's messages.
struct SimulatedAnswer: Sendable {
    /// Tells it from others of its supplier.
    let number: Int
    /// Who answers, as messages are addressed to them: a number in E.164 form, or an id.
    let recipient: String
    let text: String
    let at: Moment

    /// The number without its country, where that is China.
    var mobile: String { recipient.hasPrefix("+86") ? String(recipient.dropFirst(3)) : recipient }

    /// The number's country, where it is China.
    var country: String { recipient.hasPrefix("+86") ? "86" : "" }

    /// When it came, on China's clocks.
    var time: String { CivilTime(at, offset: CivilTime.china).text }
}

extension World {
    /// Takes what people answered that waits at a supplier to be pulled.
    mutating func takeAnswers(of supplier: SimulatedSupplier, limit: Int) -> [SimulatedAnswer] {
        guard callbacks[supplier] == nil else { return [] }
        let taken = Array(answers[supplier].prefix(limit))
        answers[supplier].removeFirst(taken.count)
        return taken
    }
}
