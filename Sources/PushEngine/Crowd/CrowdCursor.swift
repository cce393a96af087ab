/// A place between two records of a crowd file; reading may stop at one and go on there, after a crash too.
package struct CrowdCursor: Hashable, Sendable, Codable {
    /// The offset at which the next record begins.
    package var offset: Int64
    /// The number of the next data row, counted from 1.
    package var row: Int64
    /// The number of the next physical line, counted from 1.
    package var line: Int64

    package init(offset: Int64, row: Int64, line: Int64) {
        self.offset = offset
        self.row = row
        self.line = line
    }
}
