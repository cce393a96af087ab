import Foundation
import Groundwork
import LocalServers
import PushEngine

extension FaultBooks {
    /// Reads both sides' books when all has come to its end.
    ///
    /// - Parameters:
    ///   - stage: where all happened.
    ///   - template: what the API sent.
    ///   - fallsShort: whether the campaign may be over before the last fault comes.
    /// - Returns: the books.
    /// - Throws: what a store or a server says, or `DemoError`.
    static func read(
        _ stage: FaultStage,
        _ template: TemplateID,
        fallsShort: Bool
    ) async throws -> FaultBooks {
        guard let progress = try await stage.campaign.progress() else { throw DemoError("no campaign began") }
        let notes = stage.sender.notes
        var recipients = RecipientBooks()
        for recipient in stage.campaign.recipients { recipients.promise(recipient) }
        for recipient in notes.accepted.keys { recipients.promise(recipient) }
        try await stage.eachRecord(.campaignRun(progress.run.id)) { recipients.book($0.recipient, $0.state) }
        let counted = recipients.states
        var sends: Set<Int64> = []
        try await stage.eachRecord(.template(template)) {
            recipients.book($0.recipient, $0.state)
            sends.insert($0.id.rawValue)
        }
        // Read last: whatever reached a supplier until now is in it.
        let supplier = try await SupplierBooks.fetch(stage.simulator)
        for (recipient, times) in supplier.taken { recipients.take(recipient, times: times) }
        return FaultBooks(
            recipients: recipients,
            miscounted: miscounted(counted, progress.states),
            unanswered: try await unanswered(stage),
            forgotten: notes.accepted.values.count { !sends.contains($0.message) },
            notes: notes,
            supplier: supplier,
            jobs: try await stage.jobs.outcome(),
            lastFaultAt: fallsShort ? nil : await stage.lastFaultAt
        )
    }

    /// Counts calls that were cut off, and those whose answer nobody could read.
    ///
    /// What became of their messages may have come to light by now, or even before: receipts tell as well.
    private static func unanswered(_ stage: FaultStage) async throws -> Int {
        // What is stored begins with how many members there are; how each fared takes a byte, and all of a call that
        // has no answer fared alike.
        let mark = CallAnswers.encode([.unknown(detail: "")])[4]
        let sql = "SELECT count(*) FROM call WHERE answers IS NULL OR get_byte(answers, 4) = \(mark)"
        let answer = try await stage.cluster.postgres.query(sql, in: "kpush")
        guard let count = answer.first.flatMap({ Int($0) }) else { throw DemoError("no number: \(answer)") }
        return count
    }
}
