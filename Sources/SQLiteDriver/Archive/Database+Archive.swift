import GRDB
import Groundwork

extension Database {
    /// Reads rows of a table in the order of its key.
    ///
    /// - Parameters:
    ///   - table: whose columns are read.
    ///   - source: the statement that has them, when it is not the table of that name.
    ///   - key: the key of the last row that was read; nil begins.
    ///   - limit: how many are read at most.
    /// - Returns: each row's values in the order of the table's columns.
    /// - Throws: what SQLite says.
    func archived(
        _ table: ArchiveTable,
        from source: String?,
        after key: [ArchiveValue]?,
        limit: Int
    ) throws -> [[ArchiveValue]] {
        let names = table.key.map { "\"\($0.name)\"" }.joined(separator: ", ")
        let marks = table.key.map { _ in "?" }.joined(separator: ", ")
        let sql = """
            SELECT \(table.columns.map { "\"\($0.name)\"" }.joined(separator: ", "))
            FROM (\(source ?? "SELECT * FROM \(table.name)"))
            \(key == nil ? "" : "WHERE (\(names)) > (\(marks))") ORDER BY \(names) LIMIT ?
            """
        let select = try RawStatement(self, sql)
        let values = (key ?? []) + [.number(Int64(limit))]
        for (place, value) in values.enumerated() {
            switch value {
            case .none: select.bind(Int64?.none, at: Int32(place + 1))
            case .number(let number): select.bind(number, at: Int32(place + 1))
            case .text(let text): select.bind(text: text, at: Int32(place + 1))
            case .bytes(let bytes): select.bind(blob: bytes, at: Int32(place + 1))
            }
        }
        var rows: [[ArchiveValue]] = []
        try select.forEachRow { row in rows.append(table.columns.indices.map { row.value(table, $0) }) }
        return rows
    }

    /// The highest number that each table with numbers of its own has given, also to rows that are gone.
    func highestNumbers(_ tables: [String]) throws -> [String: Int64] {
        var numbers: [String: Int64] = [:]
        for table in tables {
            let sql = "SELECT max(coalesce((SELECT max(id) FROM \(table)), 0), \(Self.given(by: table)))"
            numbers[table] = try Int64.fetchOne(self, sql: sql) ?? 0
        }
        return numbers
    }

    private static func given(by table: String) -> String {
        "coalesce((SELECT seq FROM sqlite_sequence WHERE name = '\(table)'), 0)"
    }
}

extension RawStatement {
    fileprivate func value(_ table: ArchiveTable, _ place: Int) -> ArchiveValue {
        let column = Int32(place)
        if isNull(column) { return .none }
        return switch table.columns[place].kind {
        case .number, .flag: .number(int64(column))
        case .text: .text(text(column))
        case .bytes: .bytes(blob(column))
        }
    }
}
