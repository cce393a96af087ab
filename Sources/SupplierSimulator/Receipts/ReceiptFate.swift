/// What the receipt of one accepted message will be, decided when it is accepted.
struct ReceiptFate {
    /// Milliseconds after acceptance.
    let after: Int
    let isDelivered: Bool
    let isLost: Bool
    let isRepeated: Bool

    /// How much later a late receipt comes.
    static let lateness = 30_000

    /// Decides by script where there is one, else by chance.
    init(faults: SimulatorFaults, script: RecipientScript?, random: inout SimulatorRandom) {
        var after = faults.receiptDelay + Int(random.share() * Double(faults.receiptJitter))
        let fails = random.happens(in: faults.failRatio)
        let isLost = random.happens(in: faults.receiptLossRatio)
        let isRepeated = random.happens(in: faults.receiptDuplicateRatio)
        if random.happens(in: faults.receiptReorderRatio) {
            after += 1 + Int(random.share() * Double(2 * max(faults.receiptDelay, 1_000)))
        }
        switch script {
        case nil:
            self.after = after
            isDelivered = !fails
            self.isLost = isLost
            self.isRepeated = isRepeated
        case .lateReceipt:
            self.after = after + Self.lateness
            isDelivered = true
            self.isLost = false
            self.isRepeated = true
        default:
            self.after = after
            // Where a message to somebody who got too much is taken, it is not delivered.
            isDelivered = script != .undelivered && script != .throttled
            self.isLost = false
            self.isRepeated = false
        }
    }
}
