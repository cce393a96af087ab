import Groundwork

/// How long the newest runs of each job lasted.
struct RunDurations: Sendable {
    private struct Sum {
        var total = Duration.zero
        var count = 0
    }

    /// How many of the newest ended runs are looked at, of all jobs together.
    private static let limit = 10_000
    private var sums: [Int64: Sum] = [:]

    /// Asks the server for its newest runs.
    ///
    /// - Throws: `APIError` when it does not tell.
    init(of api: APIClient) async throws(APIError) {
        var before: String?
        var left = Self.limit
        repeat {
            let answer = try await api.get(
                "/api/v1/runs",
                [("state", "ended"), ("limit", "500"), ("before", before)]
            )
            let page: APIPage<RunAnswer> = try answer.decoded()
            for run in page.items { add(run) }
            left -= page.items.count
            before = page.next?.text
        } while before != nil && left > 0
    }

    private mutating func add(_ run: RunAnswer) {
        guard let started = run.startedAt?.moment, let ended = run.endedAt?.moment, ended >= started else {
            return
        }
        sums[run.job, default: Sum()].total += ended - started
        sums[run.job, default: Sum()].count += 1
    }

    /// How long the job's runs lasted on average; nil where none was seen.
    func mean(of job: Int64) -> Duration? { sums[job].map { $0.total / $0.count } }
}
