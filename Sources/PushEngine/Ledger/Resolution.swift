/// What a later answer says alike of some members of a call that had none.
package struct Resolution: Hashable, Sendable {
    package let members: Members
    package let state: DeliveryState
    package let charge: Int
    /// Reference or code.
    package let detail: String

    /// The supplier's reference; nil when it did not take them.
    package var reference: String? { state == .failed ? nil : detail }

    /// Sorts out what an answer says.
    ///
    /// - Parameters:
    ///   - outcome: the answer.
    ///   - members: the call's members.
    ///   - places: those of them whom nobody knew anything of.
    /// - Returns: those of whom it says something, by what it says.
    package static func all(
        of outcome: IntentOutcome,
        _ members: Members,
        among places: Set<Int>
    ) -> [Resolution] {
        var found: [CallResult: [Int]] = [:]
        for (place, result) in zip(members.indices, outcome.results) where places.contains(place) {
            switch result {
            case .accepted, .sent, .failed: found[result, default: []].append(place)
            case .again, .unknown: continue
            }
        }
        return found.sorted { $0.value[0] < $1.value[0] }
            .compactMap { result, places in
                let members = Members(places)
                return switch result {
                case .accepted(let reference, let charge):
                    Resolution(members: members, state: .accepted, charge: charge, detail: reference)
                case .sent(let reference, let charge):
                    Resolution(members: members, state: .sent, charge: charge, detail: reference)
                case .failed(let code):
                    Resolution(members: members, state: .failed, charge: 0, detail: code)
                case .again, .unknown: nil
                }
            }
    }
}
