package import Groundwork

extension CallBeginning {
    /// Decides by what the store holds of a key.
    ///
    /// - Parameters:
    ///   - isSame: whether the key is that of this very call.
    ///   - answer: what it was answered; nil when there is no answer yet.
    ///   - runs: the runs that it added, as stored.
    ///   - isDead: whether it began so long ago that nobody is at it any more.
    /// - Throws: `StoreError` when the runs cannot be read.
    package init(isSame: Bool, answer: KeptAnswer?, runs: String?, isDead: Bool) throws(StoreError) {
        if !isSame {
            self = .taken
        } else if let answer {
            self = .answered(answer)
        } else if let runs {
            self = .triggered(try Self.ids(runs))
        } else {
            self = isDead ? .begun : .underWay
        }
    }

    /// What the store holds of runs.
    package static func text(_ runs: [RunID]) -> String { runs.map(\.description).joined(separator: " ") }

    /// Reads what the store holds of runs.
    ///
    /// - Parameter text: their numbers.
    /// - Returns: the runs.
    /// - Throws: `StoreError` when they are none.
    package static func ids(_ text: String) throws(StoreError) -> [RunID] {
        let numbers = text.split(separator: " ").map { Int64($0) }
        guard numbers.allSatisfy({ $0 != nil }) else {
            throw StoreError(.corrupted, during: "read runs of call", detail: text)
        }
        return numbers.compactMap { $0.map(RunID.init(rawValue:)) }
    }
}
