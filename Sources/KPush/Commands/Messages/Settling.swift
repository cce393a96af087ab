import Foundation

/// Waits until messages have their final states.
struct Settling {
    let api: APIClient
    let limit: Duration
    let isQuiet: Bool

    /// A message, and the answer that told of it.
    struct Found {
        let message: MessageAnswer
        let answer: APIAnswer
    }

    /// The messages in the order of `ids`, once all are final or the time is over.
    func messages(_ ids: [String]) async throws -> [Found] {
        let end = ContinuousClock.now + limit
        var found: [Found] = []
        for id in ids { found.append(try await look(id)) }
        let bar = ProgressBar()
        var pace = Pace()
        while found.contains(where: { !$0.message.final }), ContinuousClock.now < end {
            let settled = found.count { $0.message.final }
            if !isQuiet { bar.note("\(settled) of \(found.count) have their final state") }
            try await pace.wait(moved: false)
            for index in found.indices where !found[index].message.final {
                found[index] = try await look(found[index].message.messageId)
            }
        }
        if !isQuiet { bar.note("") }
        return found
    }

    private func look(_ id: String) async throws(APIError) -> Found {
        let answer = try await api.get("/api/v1/messages/\(APIClient.escaped(id))")
        return Found(message: try answer.decoded(), answer: answer)
    }
}
