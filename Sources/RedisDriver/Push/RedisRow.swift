import Groundwork
import PushEngine

/// The values of an array that a script answered with, taken one after the other.
struct RedisRow {
    private var values: ArraySlice<RedisValue>
    private let operation: String

    init(_ answer: RedisValue, _ operation: String) throws(StoreError) {
        guard let values = answer.array else {
            throw StoreError(.corrupted, during: operation, detail: "no list")
        }
        self.values = values[...]
        self.operation = operation
    }

    var isEmpty: Bool { values.isEmpty }

    mutating func number() throws(StoreError) -> Int64 {
        guard let number = values.popFirst()?.integer else { throw unexpected("a number") }
        return number
    }

    mutating func text() throws(StoreError) -> String {
        guard let bytes = values.popFirst()?.bytes else { throw unexpected("a text") }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func lane() throws(StoreError) -> Lane {
        guard let lane = Lane(name: try text()) else { throw unexpected("a lane") }
        return lane
    }

    /// The number of a campaign's occurrence, which is empty where there is none.
    mutating func run() throws(StoreError) -> CampaignRunID? {
        let text = try text()
        if text.isEmpty { return nil }
        guard let number = Int64(text) else { throw unexpected("an occurrence") }
        return CampaignRunID(rawValue: number)
    }

    private func unexpected(_ what: String) -> StoreError {
        StoreError(.corrupted, during: operation, detail: "\(what) is missing")
    }
}
