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
    var finished: [UInt8] { bytes + [0xFF, 0xFF] }
}
