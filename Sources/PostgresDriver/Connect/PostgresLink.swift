import CPostgres
import Glibc
import Groundwork

/// One libpq connection: every call blocks, for a bounded time, and belongs on the connection's own thread.
final class PostgresLink {
    private let handle: OpaquePointer
    /// How long to wait for the server's next word before the connection is given up.
    private let limit: Duration
    /// Whether an answer may still come that nobody waits for.
    private var isGivenUp = false

    /// Connects.
    ///
    /// - Throws: `PostgresFailure` when nobody answers, or who answers refuses us.
    init(_ settings: PostgresSettings) throws {
        let options = [
            "dbname": settings.address,
            "connect_timeout": "\(max(2, Int(settings.patience.inSeconds)))",
            "fallback_application_name": "kpush",
            "client_encoding": "UTF8",
            // A peer that vanished without a word is noticed while data is out, and while none is.
            "tcp_user_timeout": "15000",
            "keepalives_idle": "10",
            "keepalives_interval": "5",
            "keepalives_count": "3",
        ]
        let keywords = Array(options.keys)
        let made = Self.withPointers(keywords) { keys in
            Self.withPointers(keywords.map { options[$0] ?? "" }) { values in
                PQconnectdbParams(keys, values, 1)
            }
        }
        guard let made else { throw PostgresFailure("no memory for a connection") }
        handle = made
        limit = settings.statementLimit + .seconds(5)
        // Whoever throws once all is set, ends by `deinit`.
        guard PQstatus(made) == CONNECTION_OK else { throw PostgresFailure(Self.message(of: made)) }
        PQsetnonblocking(made, 1)
        // A notice is not an answer.
        PQsetNoticeProcessor(made, { _, _ in }, nil)
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

    /// Runs one statement.
    @discardableResult
    func run(_ sql: String, _ values: PostgresValue...) throws -> PostgresRows {
        try run(sql, values)
    }

    /// Runs one statement.
    @discardableResult
    func run(_ sql: String, _ values: [PostgresValue]) throws -> PostgresRows {
        try send(sql, values)
        return try finish()
    }

    /// Runs text that may hold several statements, without parameters; brings what the last one brought.
    @discardableResult
    func runScript(_ text: String) throws -> PostgresRows {
        guard PQsendQuery(handle, text) == 1 else { throw broken() }
        return try finish()
    }

    /// Runs statements one after another in a single round trip.
    ///
    /// - Returns: what each brought.
    /// - Throws: `PostgresFailure` of the first that fails; those after it do not run.
    func runAll(_ statements: [PostgresStatement]) throws -> [PostgresRows] {
        guard statements.count > 1 else { return try statements.map { try run($0.sql, $0.values) } }
        guard PQenterPipelineMode(handle) == 1 else { throw broken() }
        for statement in statements { try send(statement.sql, statement.values) }
        guard PQpipelineSync(handle) == 1 else { throw broken() }
        var brought: [PostgresRows] = []
        var failure: PostgresFailure?
        while true {
            guard let result = try next() else { continue }
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC:
                PQclear(result)
                guard PQexitPipelineMode(handle) == 1 else { throw broken() }
                if let failure { throw failure }
                return brought
            case PGRES_PIPELINE_ABORTED: PQclear(result)
            default:
                do { brought.append(try Self.checked(result)) } catch let error as PostgresFailure {
                    failure = failure ?? error
                    if error.isBroken { throw error }
                }
            }
        }
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
            _ = try Self.checked(result)
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

    private func send(_ sql: String, _ values: [PostgresValue]) throws {
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
            return PQsendQueryParams(
                handle,
                sql,
                Int32(values.count),
                types,
                pointers,
                lengths,
                formats,
                1
            )
        }
        guard isSent == 1 else { throw broken() }
    }

    /// Reads a command's results to their end; the last one counts, and the first failure.
    private func finish() throws -> PostgresRows {
        var last: PostgresRows?
        var failure: PostgresFailure?
        while let result = try next() {
            do { last = try Self.checked(result) } catch let error as PostgresFailure {
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
            ready = Glibc.poll(&poll, 1, Int32(limit.inSeconds * 1_000))
        } while ready < 0 && errno == EINTR
        guard ready > 0 else {
            // A transaction's own limit has ended it by now; `PQcancel` would wait for a server that is silent.
            isGivenUp = true
            throw PostgresFailure("no answer within \(limit)")
        }
    }

    // MARK: Failures

    private func broken() -> PostgresFailure { PostgresFailure(Self.message(of: handle)) }

    /// The rows of a result that is no failure; whoever asks owns them.
    private static func checked(_ result: OpaquePointer) throws -> PostgresRows {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return PostgresRows(result)
        default:
            defer { PQclear(result) }
            let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
            let text = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) }
            throw PostgresFailure(
                state: state,
                text ?? trimmed(String(cString: PQresultErrorMessage(result)))
            )
        }
    }

    private static func message(of handle: OpaquePointer) -> String {
        trimmed(String(cString: PQerrorMessage(handle)))
    }

    private static func trimmed(_ text: String) -> String {
        text.split(separator: "\n").map { $0.drop { $0 == "\t" || $0 == " " } }.joined(separator: "; ")
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

/// A statement and its parameters.
struct PostgresStatement: Sendable {
    let sql: String
    let values: [PostgresValue]

    init(_ sql: String, _ values: PostgresValue...) {
        self.init(sql, values)
    }

    init(_ sql: String, _ values: [PostgresValue]) {
        self.sql = sql
        self.values = values
    }
}

/// Rows as `COPY` takes them in binary; every row has the same number of columns.
struct CopyRows: Sendable {
    private let columns: Int16
    private var bytes: [UInt8]
    private(set) var count = 0

    init(columns: Int) {
        self.columns = Int16(columns)
        bytes = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0]
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: Int32(0))
    }

    /// Begins a row; as many values as there are columns must follow.
    mutating func beginRow() {
        bytes.append(bigEndian: columns)
        count += 1
    }

    mutating func append(_ number: Int64) {
        bytes.append(bigEndian: Int32(8))
        bytes.append(bigEndian: number)
    }

    mutating func append(_ text: String) { bytes.append(element: text) }

    mutating func append(bytes content: [UInt8]) {
        bytes.append(bigEndian: Int32(content.count))
        bytes.append(contentsOf: content)
    }

    mutating func appendNull() { bytes.append(bigEndian: Int32(-1)) }

    /// The rows with the mark of their end.
    fileprivate var finished: [UInt8] { bytes + [0xFF, 0xFF] }
}
