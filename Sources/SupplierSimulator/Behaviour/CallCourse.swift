/// How one call as a whole will end.
struct CallCourse: Equatable {
    /// What the caller gets to see.
    enum Ending: Int, Comparable {
        /// The supplier's own answer.
        case answer
        /// The answer, cut short.
        case truncated
        /// HTTP 502 from a gateway, although the supplier took the call.
        case badGateway
        /// Nothing, although the supplier took the call.
        case withheld
        /// The supplier's word that its rate is exceeded; nothing taken.
        case throttled
        /// HTTP 500; nothing taken.
        case serverError
        /// A connection reset; nothing taken.
        case reset

        static func < (left: Ending, right: Ending) -> Bool { left.rawValue < right.rawValue }
    }

    /// Where several apply, the one that comes last in the list of endings.
    private(set) var ending = Ending.answer
    /// How long the answer takes, in milliseconds.
    private(set) var delay = 0

    /// Whether the supplier takes the call at all.
    var isTaken: Bool { ending < .throttled }

    /// Draws what chance has in store.
    init(faults: SimulatorFaults, random: inout SimulatorRandom) {
        let longest = max(faults.latencyMin, faults.latencyMax)
        if longest > 0 { delay = random.number(in: faults.latencyMin...longest) }
        let chances: [(Double, Ending)] = [
            (faults.truncatedRatio, .truncated), (faults.badGatewayRatio, .badGateway),
            (faults.withheldRatio, .withheld), (faults.throttledRatio, .throttled),
            (faults.transientRatio, .serverError), (faults.resetRatio, .reset),
        ]
        for (ratio, ending) in chances where ratio > 0 && random.happens(in: ratio) {
            self.ending = max(self.ending, ending)
        }
    }

    /// Does what one recipient's number asks for.
    mutating func follow(_ script: RecipientScript) {
        switch script {
        case .withheld: ending = max(ending, .withheld)
        case .reset: ending = max(ending, .reset)
        case .failsTwice: ending = max(ending, .serverError)
        case .truncated: ending = max(ending, .truncated)
        case .slow: delay = max(delay, 3_000)
        case .delivered, .undelivered, .badRecipient, .throttled, .lateReceipt: break
        }
    }
}
