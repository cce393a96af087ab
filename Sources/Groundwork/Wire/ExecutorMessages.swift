/// What the executor does with a run that arrives while the same job is running or queued.
package enum BlockStrategy: String, Hashable, Sendable, CaseIterable {
    /// Waits its turn.
    case serial = "SERIAL_EXECUTION"
    /// Is refused.
    case discardLater = "DISCARD_LATER"
    /// Ends the running one, drops what is queued, and runs.
    case coverEarly = "COVER_EARLY"

    /// Reads the wire's word; an unknown one means serial, as in every generation.
    package init(wireWord: String?) {
        self = wireWord.flatMap(BlockStrategy.init(rawValue:)) ?? .serial
    }
}

/// The body of `/run` and `/trigger`: one run, handed to an executor.
package struct RunRequest: Hashable, WireMessage {
    /// The kind of job whose code is compiled into the executor.
    package static let bean = "BEAN"

    package var job: JobID
    package var handler: String
    package var params: String
    package var blockStrategy: BlockStrategy
    /// The run's time limit in seconds; 0 and below mean none.
    package var timeoutSeconds: Int
    package var run: RunID
    /// The planned instant; the same for all shards, and the day under which the run's log is kept.
    package var plannedAt: Moment
    package var glueType: String
    package var glueSource: String
    package var glueUpdatedAt: Moment
    /// The shard's number from 0.
    package var shardIndex: Int
    /// How many shards there are; at least 1.
    package var shardTotal: Int

    package init(
        job: JobID,
        run: RunID,
        handler: String,
        params: String = "",
        blockStrategy: BlockStrategy = .serial,
        timeoutSeconds: Int = 0,
        plannedAt: Moment,
        shardIndex: Int = 0,
        shardTotal: Int = 1
    ) {
        self.job = job
        self.handler = handler
        self.params = params
        self.blockStrategy = blockStrategy
        self.timeoutSeconds = timeoutSeconds
        self.run = run
        self.plannedAt = plannedAt
        self.glueType = RunRequest.bean
        self.glueSource = ""
        self.glueUpdatedAt = Moment(millisecondsSinceEpoch: 0)
        self.shardIndex = shardIndex
        self.shardTotal = shardTotal
    }

    package init(wire: WireValue) throws(WireError) {
        let body = try WireObject(body: wire)
        job = JobID(rawValue: try body.requiredNumber("jobId"))
        handler = body["executorHandler"].text ?? ""
        params = body["executorParams"].text ?? ""
        blockStrategy = BlockStrategy(wireWord: body["executorBlockStrategy"].text)
        timeoutSeconds = Int(clamping: try body.number("executorTimeout") ?? 0)
        run = RunID(rawValue: try body.requiredNumber("logId"))
        plannedAt = try body.instant("logDateTime")
        glueType = body["glueType"].text ?? RunRequest.bean
        glueSource = body["glueSource"].text ?? ""
        glueUpdatedAt = Moment(millisecondsSinceEpoch: try body.number("glueUpdatetime") ?? 0)
        shardIndex = max(0, Int(clamping: try body.number("broadcastIndex") ?? 0))
        shardTotal = max(1, Int(clamping: try body.number("broadcastTotal") ?? 1))
    }

    /// All twelve members, always: older executors fail without them.
    package var wire: WireValue {
        .object([
            "jobId": .integer(job.rawValue),
            "executorHandler": .text(handler),
            "executorParams": .text(params),
            "executorBlockStrategy": .text(blockStrategy.rawValue),
            "executorTimeout": .integer(Int64(timeoutSeconds)),
            "logId": .integer(run.rawValue),
            "logDateTime": .integer(plannedAt.millisecondsSinceEpoch),
            "glueType": .text(glueType),
            "glueSource": .text(glueSource),
            "glueUpdatetime": .integer(glueUpdatedAt.millisecondsSinceEpoch),
            "broadcastIndex": .integer(Int64(shardIndex)),
            "broadcastTotal": .integer(Int64(shardTotal)),
        ])
    }
}

/// The body of `/kill`: ends the running and the queued runs of one job on one executor.
package struct KillRequest: Hashable, WireMessage {
    package var job: JobID

    package init(job: JobID) {
        self.job = job
    }

    package init(wire: WireValue) throws(WireError) {
        job = JobID(rawValue: try WireObject(body: wire).requiredNumber("jobId"))
    }

    package var wire: WireValue { .object(["jobId": .integer(job.rawValue)]) }
}

/// The body of `/idleBeat`: asks whether a job neither runs nor waits on one executor.
package struct IdleBeatRequest: Hashable, WireMessage {
    package var job: JobID

    package init(job: JobID) {
        self.job = job
    }

    package init(wire: WireValue) throws(WireError) {
        job = JobID(rawValue: try WireObject(body: wire).requiredNumber("jobId"))
    }

    package var wire: WireValue { .object(["jobId": .integer(job.rawValue)]) }
}

/// The body of `/log`: asks for a page of one run's log.
package struct LogRequest: Hashable, WireMessage {
    package var run: RunID
    package var plannedAt: Moment
    /// The first line wanted, counted from 1.
    package var fromLine: Int

    package init(run: RunID, plannedAt: Moment, fromLine: Int) {
        self.run = run
        self.plannedAt = plannedAt
        self.fromLine = fromLine
    }

    package init(wire: WireValue) throws(WireError) {
        let body = try WireObject(body: wire)
        run = RunID(rawValue: try body.requiredNumber("logId"))
        let spelling = body["logDateTime"].isNull ? "logDateTim" : "logDateTime"
        plannedAt = try body.instant(spelling)
        fromLine = max(1, LogPage.line(try body.number("fromLineNum") ?? 1))
    }

    /// Both spellings of the instant: each generation reads its own.
    package var wire: WireValue {
        let planned = WireValue.integer(plannedAt.millisecondsSinceEpoch)
        return .object([
            "logDateTim": planned, "logDateTime": planned, "logId": .integer(run.rawValue),
            "fromLineNum": .integer(Int64(fromLine)),
        ])
    }
}

/// The payload that answers `/log`.
package struct LogPage: Hashable, WireMessage {
    /// The first line asked for, counted from 1; read from the wire at most `LogPage.lastLine`.
    package var fromLine: Int
    /// The last line in the page; less than `fromLine` when there is nothing new, and at most `LogPage.lastLine`.
    package var toLine: Int
    /// The lines; ours end in a line feed each, others only separate them.
    package var content: String
    /// Whether no more will come; some executors say so at every end of the file: do not trust it.
    package var isEnd: Bool

    package init(fromLine: Int, toLine: Int, content: String, isEnd: Bool) {
        self.fromLine = fromLine
        self.toLine = toLine
        self.content = content
        self.isEnd = isEnd
    }

    /// The line to ask for next, after this page answered a request for `line`.
    ///
    /// Counts the lines that came rather than believe `toLine` alone: some executors name a `toLine` beyond
    /// what they sent. A page of ours that stands for dropped lines moves past all of them.
    package func nextLine(after line: Int) -> Int {
        guard !content.isEmpty, toLine >= line else { return line }
        let ends = content.utf8.count { $0 == UInt8(ascii: "\n") }
        let lines = content.utf8.last == UInt8(ascii: "\n") ? ends : ends + 1
        return max(line + lines, isDroppedNote ? toLine + 1 : line)
    }

    /// The number of the last line that a log may have: more than any disk holds, and far from what overflows.
    package static let lastLine = 1 << 40

    /// A line's number as somebody else told it.
    fileprivate static func line(_ number: Int64) -> Int { min(max(0, Int(clamping: number)), lastLine) }

    /// What the content starts with when it stands for lines that are no longer there.
    package static let droppedNote = "[lines dropped"

    /// Whether the page stands for lines that are no longer there, up to `toLine`.
    package var isDroppedNote: Bool { content.hasPrefix(LogPage.droppedNote) }

    package init(wire: WireValue) throws(WireError) {
        let body = try WireObject(body: wire)
        fromLine = LogPage.line(try body.number("fromLineNum") ?? 1)
        toLine = LogPage.line(try body.number("toLineNum") ?? 0)
        content = body["logContent"].text ?? ""
        isEnd = body["isEnd"].truth ?? body["end"].truth ?? false
    }

    package var wire: WireValue {
        .object([
            "fromLineNum": .integer(Int64(fromLine)), "toLineNum": .integer(Int64(toLine)),
            "logContent": .text(content), "isEnd": .bool(isEnd),
        ])
    }
}
