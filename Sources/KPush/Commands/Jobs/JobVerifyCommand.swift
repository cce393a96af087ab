import ArgumentParser
import Foundation
import Groundwork
import Scheduler

/// `kpush jobs verify`.
struct JobVerifyCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that what was due has run: no trigger missing, doubled, early or late.",
        discussion: """
            What was due is computed anew from the history of the jobs and compared with their runs. Exit code 0 means \
            that they agree, 1 that they do not. INSTANT is ISO 8601, by this machine's clocks unless it says otherwise.
            """
    )

    @Option(help: ArgumentHelp("The first instant.", valueName: "INSTANT"))
    var from: String

    @Option(help: ArgumentHelp("The first instant that is left out. (default: now)", valueName: "INSTANT"))
    var to: String?

    @Option(help: "Only this job; by its number also when it is gone.")
    var job: JobReference?

    @Option(help: "How late a run may be handed over, such as 5s.")
    var late = "5s"

    @Option(help: "The most differences to name, up to 1000.")
    var limit = 100

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard DurationText.duration(late) != nil else {
            throw ValidationError("--late is a whole number with ms, s, m, h or d, such as 5s")
        }
        for text in [from, to].compactMap(\.self) where Self.instant(text) == nil {
            throw ValidationError("'\(text)' is neither ISO 8601 nor epoch milliseconds")
        }
    }

    func perform(_ api: APIClient) async throws {
        let answer = try await api.getPatiently(
            "/api/v1/jobs/verify",
            [
                ("from", Self.instant(from)), ("to", to.flatMap(Self.instant)),
                ("job", try await job?.number(api)),
                ("late", DurationText.duration(late).map { String($0.inSeconds) }), ("limit", String(limit)),
            ]
        )
        let report: LedgerAnswer = try answer.decoded()
        show(answer) { report.text }
        if !report.proven { throw ExitCode(CommandExit.notSo.rawValue) }
    }

    private static func instant(_ text: String) -> String? {
        InstantText.moment(text, in: ZoneRules(of: .current)).map { InstantText.local($0, in: .utc) }
    }
}

/// What a comparison of runs with their schedules came to, as the API tells of it.
struct LedgerAnswer: Decodable, Sendable {
    struct Finding: Decodable, Sendable {
        let kind: String
        let job: Int64
        let plannedAt: APIInstant
        let run: Int64?
        let detail: String
    }

    let from: APIInstant
    let to: APIInstant
    let notBefore: APIInstant?
    let proven: Bool
    let jobs: Int
    let youngHistories: Int
    let expected: Int
    let served: Int
    let skipped: Int
    let madeUp: Int
    let asked: Int
    let differences: [String: Int]
    let findings: [Finding]

    /// The whole of it, in words.
    var text: String {
        var text = "\(from.exact) to \(to.exact): \(jobs) jobs, \(expected) triggers were due\n"
        text += "\(served) served, \(skipped) skipped, \(madeUp) made up for; \(asked) more were asked for\n"
        if let notBefore { text += "some jobs only from \(notBefore.exact) on: runs were removed\n" }
        if youngHistories > 0 {
            text += "of \(youngHistories) jobs nothing is known before their history begins\n"
        }
        guard !proven else { return text + "proven: nothing is missing, doubled, unplanned, early or late\n" }
        var table = Table("DIFFERENCE", "JOB", "PLANNED", "RUN", "DETAIL", right: ["JOB", "RUN"])
        for finding in findings {
            table.add(
                finding.kind,
                String(finding.job),
                finding.plannedAt.exact,
                finding.run.map(String.init) ?? "-",
                finding.detail
            )
        }
        let counts = differences.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        return text + table.text + counts.map { "\($0.value) \($0.key)" }.joined(separator: ", ") + "\n"
    }
}
