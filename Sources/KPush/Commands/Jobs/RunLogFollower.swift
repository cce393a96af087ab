import Foundation

/// Reads a run's log over the API, page by page, each line once.
///
/// Pages rather than one long answer: when one is lost, the next question goes on at the same line.
struct RunLogFollower {
    let api: APIClient
    let run: Int64
    let from: Int64
    let json: Bool

    /// Prints what there is.
    func printAll() async throws {
        var next = from
        while true {
            let page = try await page(from: next)
            guard !page.text.isEmpty, !page.complete else { return }
            next = page.next
        }
    }

    /// Prints lines as they come, until the run has ended and nothing more will come.
    ///
    /// - Returns: how the run ended.
    func follow() async throws -> RunAnswer {
        var next = from
        var pace = Pace()
        while true {
            let page = try await pageIfReadable(from: next)
            if page?.complete == true { return try await end() }
            if page == nil, try await look().hasEnded {
                Terminal.complain("the executor does not show the log\n")
                return try await end()
            }
            next = page?.next ?? next
            if page?.text.isEmpty == false { pace = Pace() } else { try await pace.wait(moved: false) }
        }
    }

    /// The lines from `line` on; nil while the executor does not answer.
    private func pageIfReadable(from line: Int64) async throws(APIError) -> RunLogAnswer? {
        do throws(APIError) { return try await page(from: line) } catch {
            guard case .unavailable = error else { throw error }
            return nil
        }
    }

    private func page(from line: Int64) async throws(APIError) -> RunLogAnswer {
        let answer = try await api.get("/api/v1/runs/\(run)/log", [("from", String(line))])
        let page: RunLogAnswer = try answer.decoded()
        if json {
            Terminal.out(answer.text + "\n")
        } else {
            Terminal.out(isatty(STDOUT_FILENO) == 1 ? page.text.printableLines : page.text)
        }
        return page
    }

    private func end() async throws(APIError) -> RunAnswer {
        let ended = try await look()
        if !json { Terminal.complain(JobText.ending(ended) + "\n") }
        return ended
    }

    private func look() async throws(APIError) -> RunAnswer {
        try await api.get("/api/v1/runs/\(run)").decoded()
    }
}
