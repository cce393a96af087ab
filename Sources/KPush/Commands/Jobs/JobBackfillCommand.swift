import ArgumentParser
import Groundwork
import Scheduler

/// `kpush jobs backfill`.
struct JobBackfillCommand: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Run what a job missed in a span of the past.",
        discussion: """
            Each trigger of the span that has no run gets one, and one that was skipped counts as having none. They are \
            handed over one after the other, with the spacing between them. Called again it adds what is still missing, \
            and nothing twice. What is older than runs are kept counts as missing: look with --dry-run first.
            """
    )

    @Argument(help: "The job.")
    var job: JobReference

    @Option(help: "The first instant, in ISO 8601 (without an offset: UTC) or epoch milliseconds.")
    var from: String

    @Option(help: "The first instant that is too late.")
    var to: String

    @Option(
        help: "Parameters instead of the job's own; {instant} and {date} in them stand for the trigger's."
    )
    var params: String?

    @Option(help: "From one run to the next, such as 30s. (default: as long as the job's last runs took)")
    var spacing: String?

    @Flag(help: "Only tell what is missing.")
    var dryRun = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        _ = try body
    }

    func perform(_ api: APIClient) async throws {
        let found = try await job.find(api).job
        let answer = try await api.post("/api/v1/jobs/\(found.id)/backfill", try body)
        let backfill: BackfillAnswer = try answer.decoded()
        show(answer) { dryRun ? backfill.whole : backfill.summary }
    }

    private var body: WireObject {
        get throws {
            var body: WireObject = ["from": try Self.instant(from), "to": try Self.instant(to)]
            if let params { body.append("params", .text(params)) }
            if let spacing {
                guard let spacing = DurationText.duration(spacing) else {
                    throw ValidationError("'\(spacing)' is no period such as 30s or 5m")
                }
                body.append("spacing", .number(spacing.inSeconds))
            }
            if dryRun { body.append("dryRun", true) }
            return body
        }
    }

    private static func instant(_ text: String) throws -> WireValue {
        guard let moment = InstantText.moment(text, in: .utc) else {
            throw ValidationError("'\(text)' is neither ISO 8601 nor epoch milliseconds")
        }
        return .text(InstantText.local(moment, in: .utc))
    }
}

/// What a backfill comes to.
private struct BackfillAnswer: Decodable {
    let due: Int
    let missing: Int
    let added: Int
    let instants: [APIInstant]
    let spacing: Double
    let lastDueAt: APIInstant?

    /// What was done.
    var summary: String {
        guard let lastDueAt else { return "nothing is missing: all \(due) triggers have runs\n" }
        return
            "\(added) runs added for \(missing) of \(due) triggers, one every \(spacing) s; the last is handed over "
            + "at \(lastDueAt.local) at the earliest\n"
    }

    /// What would be done, with the instants.
    var whole: String {
        let rest = missing > instants.count ? "and \(missing - instants.count) more\n" : ""
        return "\(missing) of \(due) triggers have no run\n" + instants.map { "\($0.exact)\n" }.joined()
            + rest
    }
}
