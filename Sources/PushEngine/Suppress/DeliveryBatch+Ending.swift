extension DeliveryBatch {
    /// Ends those in a state that there is a reason for, and lets the others go on.
    ///
    /// - Parameters:
    ///   - state: where they end.
    ///   - reason: what the timeline of a recipient says, by its place in the batch; nil lets it go on.
    /// - Returns: one decision for each reason.
    func ending(in state: DeliveryState, where reason: (Int) -> String?) -> Passage {
        var passed: [Int] = []
        passed.reserveCapacity(waiting.count)
        var ended: [String: [Int]] = [:]
        for index in waiting.indices {
            if let reason = reason(index) {
                ended[reason, default: []].append(index)
            } else {
                passed.append(index)
            }
        }
        guard !ended.isEmpty else { return Passage(goesOn: waiting) }
        let decisions = ended.sorted { $0.key < $1.key }
            .map { Decision(members: Members($0.value), state: state, detail: $0.key) }
        return Passage(goesOn: Members(passed), decisions: decisions)
    }

    /// Those that no step has stopped yet, as their stores look them up.
    var waitingKeys: Set<RecipientKey> { Set(waiting.indices.map(task.key)) }
}
