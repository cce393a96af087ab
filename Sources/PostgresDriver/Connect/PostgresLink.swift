import CPostgres
import Glibc
import Groundwork

/// One libpq connection: every call blocks, for a bounded time, and belongs on the connection's own thread.
final class PostgresLink {
    private let handle: OpaquePointer
    /// How long a statement may take on the server.
    private let statementLimit: Duration
    /// How long to wait for the server's next word before the connection is given up.
    private var patience: Duration
    /// What sets the limits of whatever runs next; nil in a transaction, which began with its own.
    private var limits: String?
    /// Whether an answer may still come that nobody waits for.
    private var isGivenUp = false
    /// What the server keeps compiled; nil where it is not known to be the same server's process in each transaction.
    private var shelf: StatementShelf?

    /// What an answer's way may take.
    private static let way = Duration.seconds(5)

    /// Connects.
    ///
    /// - Throws: `PostgresFailure` when nobody answers, or who answers refuses us.
    init(_ settings: PostgresSettings) throws {
        let parameters = settings.parameters
        let made = Self.withPointers(parameters.map(\.keyword)) { keywords in
            Self.withPointers(parameters.map { $0.value.reveal() }) { values in
                PQconnectdbParams(keywords, values, 0)
            }
        }
        guard let made else { throw PostgresFailure("no memory for a connection") }
        handle = made
        statementLimit = settings.statementLimit
        patience = statementLimit + Self.way
        // Whoever throws once all is set, ends by `deinit`.
        guard PQstatus(made) == CONNECTION_OK else {
            throw PostgresFailure(connecting: Self.message(of: made))
        }
        PQsetnonblocking(made, 1)
        // A notice is not an answer.
        PQsetNoticeProcessor(made, { _, _ in }, nil)
        // A proxy that lends its connections by transaction tells a number of its own making.
        let process = try runScript("SELECT pg_backend_pid()::text").first?.text(0)
        if process == "\(PQbackendPID(made))" { shelf = StatementShelf() }
    }

    deinit {
        PQfinish(handle)
    }

    /// Whether the connection still stands, as far as can be told without asking.
    var isAlive: Bool {
        var poll = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        guard !isGivenUp, PQstatus(handle) == CONNECTION_OK, Glibc.poll(&poll, 1, 0) >= 0 else {
            return false
        }
        guard poll.revents != 0 else { return true }
        // Nobody asked anything: what came is a farewell, or a notice.
        return PQconsumeInput(handle) == 1 && PQstatus(handle) == CONNECTION_OK
    }

    // MARK: Statements

    /// Has the server limit what runs in `body`, outside of a transaction of its own.
    ///
    /// The limits travel with each call, so that they cost no round trip and leave nothing on the connection. For that
    /// each call is one transaction: what cannot be in any, such as `VACUUM`, cannot be run so.
    ///
    /// - Parameters:
    ///   - length: how long a statement may take; nil for as long as any may.
    ///   - body: runs statements and scripts; it neither begins a transaction nor copies.
    /// - Returns: what `body` returned.
    func limited<Result>(
        to length: Duration? = nil,
        _ body: (PostgresLink) throws -> Result
    ) rethrows -> Result {
        let length = length ?? statementLimit
        limits = Self.limits(length)
        patience = length + Self.way
        defer {
            limits = nil
            patience = statementLimit + Self.way
        }
        return try body(self)
    }

    /// Nothing waits for a lock forever, and no statement is compiled first, which takes longer than any of ours.
    private static func limits(_ length: Duration, whileIdle: Bool = false) -> String {
        let limit = length.wholeMilliseconds
        let idle = whileIdle ? ", set_config('idle_in_transaction_session_timeout', '\(limit)', true)" : ""
        return """
            set_config('statement_timeout', '\(limit)', true), set_config('lock_timeout', '\(limit / 2)', true), \
            set_config('jit', 'off', true)\(idle)
            """
    }

    /// Has what comes after it go by an index, also through tables that are small now, or were when they were last counted.
    static let byIndex = "set_config('enable_seqscan', 'off', true)"
    /// Has what comes after it compiled for any value, and for tables that are small now and will not stay so.
    static let forever = "set_config('plan_cache_mode', 'force_generic_plan', true), \(byIndex)"
    /// Ends that, for what else is in the transaction.
    private static let forNow = PostgresStatement(
        "SELECT set_config('plan_cache_mode', 'auto', true), set_config('enable_seqscan', 'on', true)"
    )
    .kept
    /// Has the statement after it compare no rows each with all the others.
    static let forMany = PostgresStatement("SELECT set_config('enable_nestloop', 'off', true)")
    /// Ends that: other statements are to look rows up one by one.
    private static let forFew = PostgresStatement("SELECT set_config('enable_nestloop', 'on', true)")

    /// Runs one statement.
    @discardableResult
    func run(_ sql: String, _ values: PostgresValue...) throws -> PostgresRows {
        try run(sql, values)
    }

    /// Runs one statement.
    @discardableResult
    func run(_ sql: String, _ values: [PostgresValue]) throws -> PostgresRows {
        guard limits == nil else {
            guard let rows = try runAll([PostgresStatement(sql, values)]).first else { throw broken() }
            return rows
        }
        try send(sql, values)
        return try finish()
    }

    /// Runs one statement.
    @discardableResult
    func run(_ statement: PostgresStatement) throws -> PostgresRows {
        guard let rows = try runAll([statement]).first else { throw broken() }
        return rows
    }

    /// Runs text that may hold several statements, without parameters; brings what the last one brought.
    @discardableResult
    func runScript(_ text: String) throws -> PostgresRows {
        let text = limits.map { "SELECT \($0); \(text)" } ?? text
        guard PQsendQuery(handle, text) == 1 else { throw broken() }
        return try finish()
    }

    /// Begins a transaction in a single round trip.
    ///
    /// Nothing in it waits forever, neither for the server nor for us, and no statement is compiled first.
    ///
    /// - Returns: the transaction's number.
    func begin() throws -> String {
        try number(of: exchange(Self.beginning(statementLimit), isKept: true))
    }

    /// Begins a transaction all of whose statements are kept, and runs the first of them, in a single round trip; in all else as
    /// `begin()`.
    ///
    /// - Returns: the transaction's number, and what each statement brought.
    /// - Throws: `PostgresFailure` of the first that fails; the transaction is to be rolled back then.
    func begin(_ first: [PostgresStatement]) throws -> (number: String, brought: [PostgresRows]) {
        let settings = shelf == nil ? Self.byIndex : Self.forever
        let brought = try exchange(
            Self.beginning(statementLimit, settings) + first.map { ($0, true) },
            isKept: true
        )
        return (number(of: brought), Array(brought.dropFirst()))
    }

    /// Runs statements and commits the transaction that they are in, in a single round trip.
    ///
    /// - Returns: what each of the statements brought.
    /// - Throws: `PostgresFailure` of the first that fails; the transaction is to be rolled back then.
    func commit(_ last: [PostgresStatement]) throws -> [PostgresRows] {
        try exchange(
            last.map { ($0, true) } + [(PostgresStatement("COMMIT").kept, false)],
            isKept: true
        )
    }

    /// What begins a transaction, and brings its number.
    private static func beginning(_ limit: Duration, _ settings: String? = nil) -> [Step] {
        let settings = [limits(limit, whileIdle: true), settings].compactMap(\.self).joined(separator: ", ")
        let number = PostgresStatement("SELECT pg_current_xact_id()::text, \(settings)")
        return [(PostgresStatement("BEGIN").kept, false), (number.kept, true)]
    }

    private func number(of brought: [PostgresRows]) -> String { brought.first?.first?.text(0) ?? "" }

    /// Runs statements one after another in a single round trip.
    ///
    /// - Parameter statements: what is run.
    /// - Returns: what each of the statements brought.
    /// - Throws: `PostgresFailure` of the first that fails; those after it do not run.
    func runAll(_ statements: [PostgresStatement]) throws -> [PostgresRows] {
        let isKept = shelf != nil && !statements.isEmpty && statements.allSatisfy(\.isKept)
        let isByIndex = statements.contains { $0.isKept || $0.joinsMany }
        let head =
            isByIndex
            ? Self.head(under: limits, lasts: isKept) : limits.map { PostgresStatement("SELECT \($0)") }
        guard statements.count > 1 || head != nil else {
            return try statements.map { try run($0.sql, $0.values) }
        }
        var steps = head.map { [($0, false)] } ?? []
        steps += statements.map { ($0, true) }
        if isByIndex, limits == nil { steps.append((Self.forNow, false)) }
        return try exchange(steps, isKept: isKept)
    }

    /// A statement on its way to the server, and whether anybody wants to see what it brings.
    private typealias Step = (statement: PostgresStatement, isAsked: Bool)

    /// Runs statements one after another in a single round trip.
    ///
    /// - Parameters:
    ///   - steps: the statements.
    ///   - isKept: whether the server may keep them compiled.
    /// - Returns: what each brought that is asked for.
    /// - Throws: `PostgresFailure` of the first that fails; those after it do not run.
    private func exchange(_ steps: [Step], isKept: Bool) throws -> [PostgresRows] {
        guard PQenterPipelineMode(handle) == 1 else { throw broken() }
        var sent: [Answer] = []
        for step in steps {
            let joinsMany = step.statement.joinsMany
            if joinsMany { sent += try send(Self.forMany, isKept: false, isAsked: false) }
            sent += try send(step.statement, isKept: isKept, isAsked: step.isAsked)
            if joinsMany { sent += try send(Self.forFew, isKept: false, isAsked: false) }
        }
        guard PQpipelineSync(handle) == 1 else { throw broken() }
        return try answers(to: sent)
    }

    /// Reads what a pipeline brought.
    private func answers(to sent: [Answer]) throws -> [PostgresRows] {
        var answers = sent.makeIterator()
        var brought: [PostgresRows] = []
        var failure: PostgresFailure?
        while true {
            guard let result = try next() else { continue }
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC:
                PQclear(result)
                guard PQexitPipelineMode(handle) == 1 else { throw broken() }
                shelf?.dropSent()
                if let failure {
                    if failure.isForgotten { shelf?.clear() }
                    throw failure
                }
                return brought
            case PGRES_PIPELINE_ABORTED:
                PQclear(result)
                _ = answers.next()
            default:
                let answer = answers.next()
                do {
                    let rows = try PostgresRows(result)
                    switch answer {
                    case .compiled(let name): shelf?.put(name)
                    case .rows: brought.append(rows)
                    case .nothing, nil: break
                    }
                } catch let error as PostgresFailure {
                    failure = failure ?? error
                    if error.isBroken { throw error }
                }
            }
        }
    }

    /// What is to be set for statements that go by an index.
    ///
    /// - Parameters:
    ///   - limits: what limits them; nil in a transaction, which began with its own.
    ///   - lasts: whether all of them are kept compiled.
    /// - Returns: what sets it.
    private static func head(under limits: String?, lasts: Bool) -> PostgresStatement {
        let settings = [limits, lasts ? forever : byIndex].compactMap(\.self).joined(separator: ", ")
        let head = PostgresStatement("SELECT \(settings)")
        return lasts ? head.kept : head
    }

    /// What the server answers to, in its order.
    private enum Answer {
        case compiled(StatementShelf.Name)
        case rows
        /// What only sets something.
        case nothing
    }

    /// Sends a statement in a pipeline, its text only where the server does not keep it.
    ///
    /// - Parameters:
    ///   - statement: what is sent.
    ///   - isKept: whether the server may keep it.
    ///   - isAsked: whether anybody wants to see what it brings.
    /// - Returns: what the server will answer.
    /// - Throws: `PostgresFailure` when the connection is broken.
    private func send(_ statement: PostgresStatement, isKept: Bool, isAsked: Bool) throws -> [Answer] {
        let types = statement.values.map(\.type)
        let answer: Answer = isAsked ? .rows : .nothing
        guard isKept, let name = shelf?.name(of: statement, types) else {
            try send(statement.sql, statement.values)
            return [answer]
        }
        if !name.isCompiled {
            let isSent = PQsendPrepare(handle, name.text, statement.sql, Int32(types.count), types)
            guard isSent == 1 else { throw broken() }
        }
        try send(name.text, statement.values, isName: true)
        return name.isCompiled ? [answer] : [.compiled(name), answer]
    }

    /// Loads rows that are written in the binary form of `COPY`.
    ///
    /// - Parameters:
    ///   - target: table and columns, such as `reject (run, row)`.
    ///   - rows: what is loaded.
    /// - Throws: `PostgresFailure` of the first row that does not fit; then none is loaded.
    func copy(into target: String, _ rows: CopyRows) throws {
        guard PQsendQuery(handle, "COPY \(target) FROM STDIN (FORMAT binary)") == 1 else { throw broken() }
        guard let result = try next() else { throw broken() }
        guard PQresultStatus(result) == PGRES_COPY_IN else {
            // The refusal's end is read too: the connection goes on to somebody else.
            defer { _ = try? finish() }
            _ = try PostgresRows(result)
            throw PostgresFailure("no copy began")
        }
        PQclear(result)
        try rows.finished.withUnsafeBytes { bytes in
            var rest = UnsafeRawBufferPointer(rebasing: bytes[...])
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 16))
                let sent = PQputCopyData(
                    handle,
                    piece.baseAddress?.assumingMemoryBound(to: CChar.self),
                    Int32(piece.count)
                )
                guard sent >= 0 else { throw broken() }
                if sent == 0 {
                    try wait(for: POLLOUT)
                } else {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
                }
                try flush()
            }
        }
        var ended = PQputCopyEnd(handle, nil)
        while ended == 0 {
            try wait(for: POLLOUT)
            ended = PQputCopyEnd(handle, nil)
        }
        guard ended == 1 else { throw broken() }
        _ = try finish()
    }

    private func send(_ text: String, _ values: [PostgresValue], isName: Bool = false) throws {
        var bytes: [UInt8] = []
        var places: [Int?] = []
        var lengths: [Int32] = []
        for value in values {
            let start = bytes.count
            let isThere = value.encode(into: &bytes)
            places.append(isThere ? start : nil)
            lengths.append(Int32(bytes.count - start))
        }
        // An empty text is no null: it needs an address.
        bytes.append(0)
        let types = values.map(\.type)
        let formats = [Int32](repeating: 1, count: values.count)
        let isSent = bytes.withUnsafeBytes { buffer in
            let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let pointers = places.map { place in place.flatMap { start?.advanced(by: $0) } }
            let count = Int32(values.count)
            guard !isName else {
                return PQsendQueryPrepared(handle, text, count, pointers, lengths, formats, 1)
            }
            return PQsendQueryParams(handle, text, count, types, pointers, lengths, formats, 1)
        }
        guard isSent == 1 else { throw broken() }
    }

    /// Reads a command's results to their end; the last one counts, and the first failure.
    private func finish() throws -> PostgresRows {
        var last: PostgresRows?
        var failure: PostgresFailure?
        while let result = try next() {
            do { last = try PostgresRows(result) } catch let error as PostgresFailure {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        guard let last else { throw broken() }
        return last
    }

    /// The next result, waited for; nil when the command has no more.
    private func next() throws -> OpaquePointer? {
        try flush()
        while PQisBusy(handle) == 1 {
            try wait(for: POLLIN)
            guard PQconsumeInput(handle) == 1 else { throw broken() }
        }
        return PQgetResult(handle)
    }

    private func flush() throws {
        while true {
            let left = PQflush(handle)
            if left == 0 { return }
            guard left == 1 else { throw broken() }
            try wait(for: POLLIN | POLLOUT)
            // Who only writes may wait for one who only writes as well.
            guard PQconsumeInput(handle) == 1 else { throw broken() }
        }
    }

    private func wait(for events: Int32) throws {
        var poll = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
        var ready: Int32
        repeat {
            ready = Glibc.poll(&poll, 1, Int32(patience.wholeMilliseconds))
        } while ready < 0 && errno == EINTR
        guard ready > 0 else {
            // A limit on the server has ended it by now; `PQcancel` would wait for a server that is silent.
            isGivenUp = true
            throw PostgresFailure("no answer within \(patience)")
        }
    }

    // MARK: Failures

    private func broken() -> PostgresFailure { PostgresFailure(Self.message(of: handle)) }

    private static func message(of handle: OpaquePointer) -> String {
        PostgresFailure.oneLine(PQerrorMessage(handle))
    }

    private static func withPointers<Result>(
        _ texts: [String],
        _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies.map { UnsafePointer($0) } + [nil])
    }
}
