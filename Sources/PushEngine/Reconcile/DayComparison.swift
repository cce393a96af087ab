/// Sets what our books say beside what the supplier says.
struct DayComparison {
    let ours: OwnDay
    let theirs: TheirDay

    /// The figures that both tell and tell differently, the furthest apart first.
    var differences: [DayDifference] {
        let told: [(DayDifference.Figure, Int, Int?)]
        switch theirs.source {
        case .statistics:
            told = [
                (.accepted, ours.accepted, theirs.accepted),
                // A supplier that charges nothing in its answers tells no charge there.
                (.segments, ours.segments, ours.segments == 0 ? nil : theirs.segments),
                (.delivered, ours.delivered, theirs.delivered),
                (.undelivered, ours.undelivered, theirs.undelivered),
            ]
        case .receipts:
            told = [(.receipts, ours.receiptsDue, ours.delivered + ours.undelivered)]
        case .nothing: told = []
        }
        let both = [(.strays, 0, theirs.strays), (.contradicted, 0, ours.contradicted)] + told
        return
            both.compactMap { figure, own, other in
                other.flatMap { $0 == own ? nil : DayDifference(figure, ours: own, theirs: $0) }
            }
            .sorted { ($1.weight(in: ours), $0.figure.rawValue) < ($0.weight(in: ours), $1.figure.rawValue) }
    }

    /// What comes of it, where figures may be apart by `share`.
    func verdict(allowing share: Double) -> Reconciliation.Verdict {
        if differences.contains(where: { $0.weight(in: ours) > share }) { return .differs }
        return theirs.source == .nothing ? .unchecked : .agrees
    }
}

extension DayDifference {
    /// How much it matters: what should not be at all is measured by the whole day.
    fileprivate func weight(in day: OwnDay) -> Double {
        switch figure {
        case .strays, .contradicted: min(1, Double(theirs) / Double(max(1, day.accepted)))
        case .accepted, .segments, .delivered, .undelivered, .receipts: share
        }
    }
}
