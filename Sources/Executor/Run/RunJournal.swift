import Groundwork

/// What the executor owes the scheduler, on disk: accepted runs, and outcomes until they are delivered.
///
/// A file of one JSON record a line. What a method has written survives the death of the process;
/// `synchronise` makes it survive that of the machine, for all records since the last time at once. A crash
/// can tear only the last line, which is then as if it had never been written; opening rewrites the file.
struct RunJournal: ~Copyable {
    private(set) var state: JournalState
    /// How many lines could not be read when the journal was opened; more than one means a damaged disk.
    let unreadable: Int

    private let folder: String
    private let path: String
    private let lock: FolderLock
    private var file: AppendFile
    private var lines: Int
    private var isDirty = false
    /// Whether the file has taken another one's place, and a power cut may undo that.
    private var isMoved = false

    /// Opens the journal in `folder` and keeps every other process out of it.
    ///
    /// - Parameters:
    ///   - folder: where the journal is or will be.
    ///   - memory: how many delivered runs to remember.
    /// - Throws: `ExecutorError`.
    init(folder: String, memory: Int = 10_000) throws(ExecutorError) {
        try Disk.makeFolder(folder)
        let lock = try FolderLock(folder: folder)
        let path = folder + "/runs.journal"
        var bytes: [UInt8] = []
        try Disk.read(path) { piece in
            bytes.append(contentsOf: piece)
            return true
        }
        var state = JournalState(memory: memory)
        var unreadable = 0
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            do {
                state.apply(try JournalRecord(json: line))
            } catch {
                unreadable += 1
            }
        }
        let file = try Self.write(state, path)
        try Disk.synchronise(folder)
        self.state = state
        self.unreadable = unreadable
        self.folder = folder
        self.path = path
        self.lock = lock
        self.file = file
        self.lines = state.count
    }

    /// Notes that runs are accepted; none is when this throws.
    mutating func accept(_ runs: [AcceptedRun]) throws(ExecutorError) {
        let records = runs.map(JournalRecord.accepted)
        try write(records)
        for record in records { state.apply(record) }
    }

    /// Notes how runs ended, each with the instant for which it was planned.
    ///
    /// When it throws the outcomes are kept in memory all the same, so that they are delivered unless the process
    /// dies.
    mutating func end(
        _ runs: [(run: RunID, plannedAt: Moment, outcome: RunOutcome)]
    ) throws(ExecutorError) {
        let records = runs.map { run, plannedAt, outcome in
            let item = CallbackItem(run: run, plannedAt: plannedAt, outcome: outcome)
            return JournalRecord.ended(item, plannedAt: plannedAt)
        }
        for record in records { state.apply(record) }
        try write(records)
    }

    /// Notes that a scheduler has the outcomes of `runs`.
    ///
    /// Losing this costs a second delivery, which schedulers ignore.
    mutating func deliver(_ runs: [RunID]) throws(ExecutorError) {
        try write(state.deliver(runs))
        if lines > 4 * state.count + 1_000 { try compact() }
    }

    /// Returns when all that was noted survives a power cut.
    mutating func synchronise() throws(ExecutorError) {
        if isMoved {
            try Disk.synchronise(folder)
            isMoved = false
        }
        guard isDirty else { return }
        try file.synchronise()
        isDirty = false
    }

    private mutating func write(_ records: [JournalRecord]) throws(ExecutorError) {
        guard !records.isEmpty else { return }
        try file.append(Self.lines(records))
        lines += records.count
        isDirty = true
    }

    private static func lines(_ records: [JournalRecord]) -> [UInt8] {
        records.reduce(into: []) { bytes, record in
            bytes += record.json
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    private mutating func compact() throws(ExecutorError) {
        file = try Self.write(state, path)
        lines = state.count
        // What follows is appended to the new file, whatever becomes of its name.
        (isDirty, isMoved) = (false, true)
        try synchronise()
    }

    /// Writes all that is to be known into a file that takes the place of the one at `path`.
    private static func write(_ state: JournalState, _ path: String) throws(ExecutorError) -> AppendFile {
        let temporary = path + ".new"
        try Disk.remove(temporary)
        var file = try AppendFile(path: temporary)
        try file.append(lines(state.snapshot))
        try file.synchronise()
        try Disk.move(temporary, to: path)
        return file
    }
}
