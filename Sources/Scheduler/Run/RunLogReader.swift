package import Groundwork

/// Reads a run's log from its executor, page by page, each line exactly once.
package struct RunLogReader: Sendable {
    private let runs: any RunStore
    private let registry: any RegistryStore
    private let executors: ExecutorClient
    private let pulls: PullHub
    private let clock: any Clock<Duration>

    package init(_ parts: SchedulerParts) {
        runs = parts.runs
        registry = parts.registry
        executors = parts.executors
        pulls = parts.pulls
        clock = parts.clock
    }

    /// The lines of `run` from `line` on, counted from 1.
    ///
    /// Executors disagree about the end of a page and of a log, so both are counted here: only whole lines
    /// move the reader on, and a log is complete once its run has ended and a further page held nothing.
    ///
    /// - Throws: `SchedulerError.notFound` for an unknown run; `.executor` when its executor does not answer.
    package func page(_ run: RunID, from line: Int) async throws(SchedulerError) -> RunLogPage {
        let from = min(max(1, line), LogPage.lastLine)
        let found: JobRun?
        let groups: ExecutorGroups
        do {
            // Read before the page: an end that comes in between is seen with the next page.
            found = try await runs.runs([run]).first
            groups = ExecutorGroups(try await registry.instances())
        } catch {
            throw .store(error)
        }
        guard let found else { throw .notFound("run \(run)") }
        guard let address = found.executor?.address else {
            return RunLogPage(from: from, next: from, text: "", isComplete: !found.isOpen)
        }
        guard let executor = groups.instance(at: address, in: found.plan.terms.group) else {
            throw .executor("the executor at \(address) is not registered any more")
        }
        let request = LogRequest(run: run, plannedAt: found.plan.plannedAt, fromLine: from)
        do {
            let page =
                address.isPulled
                ? try await pulls.page(request, at: address, within: executors.callLimit, on: clock)
                : try await executors.log(request, on: executor)
            return RunLogPage(page, from: from, of: found)
        } catch {
            throw .executor(error.message)
        }
    }
}

/// Some lines of a run's log.
package struct RunLogPage: Hashable, Sendable {
    /// The first line asked for, counted from 1.
    package let from: Int
    /// Where the next page goes on.
    package let next: Int
    /// The lines, each ended by a line feed; there is no carriage return in it.
    package let text: String
    /// Whether nothing more will come.
    package let isComplete: Bool

    package init(from: Int, next: Int, text: String, isComplete: Bool) {
        self.from = from
        self.next = next
        self.text = text
        self.isComplete = isComplete
    }

    /// Reads what an executor answered for the lines of `run` from `from` on.
    package init(_ page: LogPage, from: Int, of run: JobRun) {
        var text = Self.plain(page.content)
        // Java executors separate lines rather than end them: the last one is whole when it counts as one.
        let counted = max(0, page.toLine - from + 1)
        guard counted > 0 || text.isEmpty else {
            // No line of the log but a remark, such as that there is no log: it comes with every page, so the
            // first one after the run's end is the last.
            let remark = run.isOpen ? "" : Self.beginning(of: text + "\n")
            self.init(from: from, next: from, text: remark, isComplete: !run.isOpen)
            return
        }
        let ended = text.utf8.reduce(into: 0) { $0 += $1 == UInt8(ascii: "\n") ? 1 : 0 }
        let isLastLineWhole = !text.isEmpty && !text.hasSuffix("\n") && (counted > ended || !run.isOpen)
        if isLastLineWhole {
            text += "\n"
        } else if let end = text.utf8.lastIndex(of: UInt8(ascii: "\n")) {
            text = String(text[...end])
        } else {
            text = ""
        }
        text = Self.beginning(of: text)
        let lines = text.utf8.reduce(into: 0) { $0 += $1 == UInt8(ascii: "\n") ? 1 : 0 }
        // One line can stand for many that the executor no longer has.
        let next = page.isDroppedNote ? max(from, page.toLine + 1) : from + lines
        self.init(from: from, next: next, text: text, isComplete: !run.isOpen && lines == 0)
    }

    /// The text with line feeds alone: a carriage return before one goes, any other one is a blank.
    ///
    /// Swift takes both together for one character, and readers of events take either for the end of a line.
    private static func plain(_ text: String) -> String {
        let (feed, carriage) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        guard text.utf8.contains(carriage) else { return text }
        var bytes = Array(text.utf8)
        for place in bytes.indices where bytes[place] == carriage {
            let isEnd = place + 1 < bytes.count && bytes[place + 1] == feed
            bytes[place] = isEnd ? carriage : UInt8(ascii: " ")
        }
        bytes.removeAll { $0 == carriage }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The most bytes of a page; some executors send the rest of the log at once.
    private static let limit = 1 << 20

    /// As many whole lines as a page may have; of a first line that is longer, what fits.
    private static func beginning(of text: String) -> String {
        let bytes = text.utf8
        guard bytes.count > limit else { return text }
        let most = bytes[..<bytes.index(bytes.startIndex, offsetBy: limit)]
        guard let end = most.lastIndex(of: UInt8(ascii: "\n")) else {
            return String(decoding: most, as: UTF8.self) + "\n"
        }
        return String(decoding: most[...end], as: UTF8.self)
    }
}
