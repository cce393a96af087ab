import CPostgres
import Groundwork

/// What a statement brought back; its columns are in the binary form.
///
/// libpq: a result is plain memory of its own, so it may be read anywhere once it is complete.
final class PostgresRows {
    fileprivate let result: OpaquePointer

    /// Takes a result, which is its own from here on.
    ///
    /// - Throws: `PostgresFailure` when the result is one.
    init(_ result: OpaquePointer) throws {
        self.result = result
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: break
        default: throw PostgresFailure(result)
        }
    }

    deinit {
        PQclear(result)
    }

    var count: Int { Int(PQntuples(result)) }

    var isEmpty: Bool { count == 0 }

    /// How many rows the statement changed.
    var changed: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    /// The first row; nil when there is none.
    var first: PostgresRow? { isEmpty ? nil : PostgresRow(self, 0) }

    func map<Value>(_ transform: (PostgresRow) throws -> Value) rethrows -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for number in 0..<Int32(count) { values.append(try transform(PostgresRow(self, number))) }
        return values
    }
}

/// One row of a result, which it keeps alive.
struct PostgresRow {
    private let rows: PostgresRows
    private let number: Int32

    init(_ rows: PostgresRows, _ number: Int32) {
        self.rows = rows
        self.number = number
    }

    private var result: OpaquePointer { rows.result }

    func isNull(_ column: Int32) -> Bool { PQgetisnull(result, number, column) == 1 }

    /// A whole number of any width; 0 for null.
    func int64(_ column: Int32) -> Int64 {
        let bytes = raw(column)
        switch bytes.count {
        case 8: return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        case 4: return Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        case 2: return Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        default: return 0
        }
    }

    func int(_ column: Int32) -> Int { Int(int64(column)) }

    func optionalInt64(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }

    func bool(_ column: Int32) -> Bool { raw(column).first == 1 }

    func text(_ column: Int32) -> String { String(decoding: raw(column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    func bytes(_ column: Int32) -> [UInt8] { Array(raw(column)) }

    func optionalBytes(_ column: Int32) -> [UInt8]? { isNull(column) ? nil : bytes(column) }

    func moment(_ column: Int32) -> Moment { Moment(millisecondsSinceEpoch: int64(column)) }

    func optionalMoment(_ column: Int32) -> Moment? { isNull(column) ? nil : moment(column) }

    /// The column's bytes, where they lie: to be used while the row is.
    func raw(_ column: Int32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: PQgetvalue(result, number, column),
            count: Int(PQgetlength(result, number, column))
        )
    }
}

extension PostgresFailure {
    fileprivate init(_ result: OpaquePointer) {
        let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
        let text = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) }
        self.init(state: state, text ?? Self.oneLine(PQresultErrorMessage(result)))
    }

    /// What libpq says, on one line.
    static func oneLine(_ text: UnsafePointer<CChar>) -> String {
        String(cString: text).split(separator: "\n").map { $0.drop { $0 == "\t" || $0 == " " } }
            .joined(separator: "; ")
    }
}
