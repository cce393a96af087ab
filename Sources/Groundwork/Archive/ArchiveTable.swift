/// A value of a row that travels from one store to another.
package enum ArchiveValue: Hashable, Sendable {
    case none
    /// Also an instant, and a truth as 0 or 1.
    case number(Int64)
    case text(String)
    case bytes([UInt8])
}

/// A table that stores of both sizes keep alike, so that its rows travel as they are.
package struct ArchiveTable: Hashable, Sendable {
    package struct Column: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            case number
            case flag
            case text
            case bytes
        }

        package let name: String
        package let kind: Kind

        package static func number(_ name: String) -> Column { Column(name: name, kind: .number) }

        package static func flag(_ name: String) -> Column { Column(name: name, kind: .flag) }

        package static func text(_ name: String) -> Column { Column(name: name, kind: .text) }

        package static func bytes(_ name: String) -> Column { Column(name: name, kind: .bytes) }
    }

    package let name: String
    /// Columns that no two rows have alike: rows travel in their order.
    package let key: [Column]
    /// All columns, those of the key first.
    package let columns: [Column]

    package init(_ name: String, key: [Column], _ others: [Column]) {
        self.name = name
        self.key = key
        columns = key + others
    }
}
