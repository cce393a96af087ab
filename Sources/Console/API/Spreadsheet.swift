import Groundwork
import HTTPTypes
import Hummingbird
import NIOCore
import PushEngine

/// A list as a file that a spreadsheet opens: UTF-8 with its mark, times in UTC.
struct Spreadsheet<Element: Sendable>: Sendable {
    /// The most rows of one file.
    static var limit: Int { 50_000 }
    /// How many are read at a time.
    static var page: Int { 500 }

    /// How many are in it.
    private(set) var rows = 0
    private var bytes: [UInt8]
    private let cells: @Sendable (Element) -> [String]

    /// An empty list.
    ///
    /// - Parameters:
    ///   - columns: what they are called.
    ///   - cells: what stands in them, in their order.
    init(_ columns: [String], _ cells: @escaping @Sendable (Element) -> [String]) {
        bytes = Array("\u{FEFF}\(columns.joined(separator: ","))\r\n".utf8)
        self.cells = cells
    }

    /// Adds rows, up to the limit.
    mutating func append(_ elements: [Element]) {
        for element in elements.prefix(max(0, Self.limit - rows)) {
            rows += 1
            for (index, cell) in cells(element).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                CrowdReport.appendCell(cell, to: &bytes)
            }
            bytes.append(contentsOf: "\r\n".utf8)
        }
    }

    /// What was added since the last time.
    mutating func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// The answer that sends the list, read and written page by page.
    ///
    /// - Parameters:
    ///   - name: what the file is called, without its ending.
    ///   - page: reads a page, from a mark on or from the beginning, and tells the mark of the next; nil for none.
    /// - Returns: the answer.
    /// - Throws: what reading the first page throws: what is wrong by then still gets a status of its own.
    func response<Mark: Sendable>(
        named name: String,
        _ page: @escaping @Sendable (Mark?) async throws -> (elements: [Element], next: Mark?)
    ) async throws -> Response {
        let first = try await page(nil)
        let body = ResponseBody { [self] writer in
            var (sheet, now) = (self, first)
            while true {
                sheet.append(now.elements)
                try await writer.write(ByteBuffer(bytes: sheet.takeBytes()))
                guard let next = now.next, sheet.rows < Self.limit else { break }
                now = try await page(next)
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/csv;charset=UTF-8",
                .contentDisposition: "attachment; filename=\"\(name).csv\"",
            ],
            body: body
        )
    }
}
