import GRDB
import GRDBSQLite

/// A prepared statement of the hot path: numbers and bytes go in and out without an object per row.
///
/// Used within one access to its database only. What is bound stays bound, so a statement that is run for
/// many rows binds anew only what differs. A statement must not be run while another value of the same text
/// steps.
struct RawStatement {
    /// Keeps the handle alive.
    private let statement: Statement
    private let handle: OpaquePointer

    /// Prepares `sql`, or takes the prepared one of an earlier use.
    init(_ db: Database, _ sql: String) throws {
        statement = try db.cachedStatement(sql: sql)
        handle = statement.sqliteStatement
        sqlite3_reset(handle)
    }

    // MARK: Parameters, counted from 1

    func bind(_ number: Int64, at place: Int32) {
        sqlite3_bind_int64(handle, place, number)
    }

    func bind(_ number: Int64?, at place: Int32) {
        if let number { bind(number, at: place) } else { sqlite3_bind_null(handle, place) }
    }

    func bind(_ number: Int, at place: Int32) {
        sqlite3_bind_int64(handle, place, Int64(number))
    }

    /// Binds text without copying it: the bytes must stay where they are until the statement has run.
    func bind(text bytes: UnsafeRawBufferPointer, at place: Int32) {
        guard let start = bytes.baseAddress else {
            bind(text: "", at: place)
            return
        }
        let characters = start.assumingMemoryBound(to: CChar.self)
        sqlite3_bind_text(handle, place, characters, Int32(bytes.count), nil)
    }

    /// Binds a blob without copying it: the bytes must stay where they are until the statement has run.
    func bind(blob bytes: UnsafeRawBufferPointer, at place: Int32) {
        guard let start = bytes.baseAddress else {
            sqlite3_bind_zeroblob(handle, place, 0)
            return
        }
        sqlite3_bind_blob64(handle, place, start, UInt64(bytes.count), nil)
    }

    func bind(text: String, at place: Int32) {
        sqlite3_bind_text(handle, place, text, Int32(text.utf8.count), Self.copies)
    }

    func bind(text: String?, at place: Int32) {
        if let text { bind(text: text, at: place) } else { sqlite3_bind_null(handle, place) }
    }

    func bind(blob: [UInt8]?, at place: Int32) {
        guard let blob else {
            sqlite3_bind_null(handle, place)
            return
        }
        _ = blob.withUnsafeBytes { bytes in
            bytes.baseAddress.map {
                sqlite3_bind_blob64(handle, place, $0, UInt64(bytes.count), Self.copies)
            } ?? sqlite3_bind_zeroblob(handle, place, 0)
        }
    }

    // MARK: Running

    /// Goes to the next row; false when there is none, and the statement is ready to be run again.
    func step() throws -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        guard code == SQLITE_DONE else { throw failure(code) }
        sqlite3_reset(handle)
        return false
    }

    /// Runs a statement that gives no rows; returns how many it changed.
    @discardableResult
    func run() throws -> Int {
        let code = sqlite3_step(handle)
        guard code == SQLITE_DONE else { throw failure(code) }
        sqlite3_reset(handle)
        return Int(sqlite3_changes(sqlite3_db_handle(handle)))
    }

    /// Ends the rows before the last one.
    func reset() {
        sqlite3_reset(handle)
    }

    /// Calls `body` for each row.
    func forEachRow(_ body: (RawStatement) throws -> Void) throws {
        defer { sqlite3_reset(handle) }
        while try step() { try body(self) }
    }

    /// The first row as `body` reads it; nil when there is none.
    func first<Value>(_ body: (RawStatement) throws -> Value) throws -> Value? {
        defer { sqlite3_reset(handle) }
        return try step() ? try body(self) : nil
    }

    // MARK: Columns of the present row, counted from 0

    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func int(_ column: Int32) -> Int { Int(sqlite3_column_int64(handle, column)) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String { withBytes(column) { String(decoding: $0, as: UTF8.self) } }

    func blob(_ column: Int32) -> [UInt8] { withBytes(column) { Array($0) } }

    /// Calls `body` with a column's bytes, which are valid no longer.
    func withBytes<Value>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let start = sqlite3_column_blob(handle, column)
        return body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    /// SQLite's `SQLITE_TRANSIENT`: it copies what it is given.
    private static var copies: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func failure(_ code: Int32) -> DatabaseError {
        let message = String(cString: sqlite3_errmsg(sqlite3_db_handle(handle)))
        sqlite3_reset(handle)
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message, sql: statement.sql)
    }
}
