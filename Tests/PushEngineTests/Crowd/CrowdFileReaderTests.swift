import Foundation
import Groundwork
import TestKit
import Testing

@testable import PushEngine

@Suite struct CrowdFileReaderTests {
    private static let good = "13800138000,Ann,Paris\n"

    private func read(_ body: String, reading: CrowdReading = CrowdReading()) async throws -> CrowdRows {
        try await CrowdText("userId,name,city\n" + body).rows(reading)
    }

    private func read(_ body: [UInt8]) async throws -> CrowdRows {
        try await CrowdText(Array("userId,name,city\n".utf8) + body).rows()
    }

    @Test func `a row is its number, its line, its recipient and its fields`() async throws {
        let result = try await read("13800138000,Ann,Paris\n+86 139-0013-9000, Bob ,北京\n")
        #expect(
            result.rows == [
                .init(number: 1, line: 2, phone: 8_613_800_138_000, fields: ["13800138000", "Ann", "Paris"]),
                .init(
                    number: 2,
                    line: 3,
                    phone: 8_613_900_139_000,
                    fields: ["+86 139-0013-9000", "Bob", "北京"]
                ),
            ]
        )
        #expect(result.rejected.isEmpty)
    }

    @Test(arguments: [("\n", 3, 0, 0), ("\r\n", 0, 3, 0), ("\r", 0, 0, 3)])
    func `every kind of line end is read`(lineEnd: String, lf: Int, crlf: Int, cr: Int) async throws {
        let text = "userId,name\n13800138000,a\n13900139000,b\n18600186000,c\n"
        let rows = try await CrowdText(text.replacing("\n", with: lineEnd)).rows()
        #expect(rows.rows.map(\.line) == [2, 3, 4])
        #expect(rows.rows.map { $0.fields[1] } == ["a", "b", "c"])
        #expect(rows.lineEnds == CrowdBatch.LineEnds(lf: lf, crlf: crlf, cr: cr))
        #expect(!rows.lineEnds.areMixed)
    }

    @Test func `mixed line ends are read and counted`() async throws {
        let rows = try await read("13800138000,a,x\n13900139000,b,x\r\n18600186000,c,x\r18700187000,d,x")
        #expect(rows.rows.map { $0.fields[1] } == ["a", "b", "c", "d"])
        #expect(rows.lineEnds == CrowdBatch.LineEnds(lf: 1, crlf: 1, cr: 1))
        #expect(rows.lineEnds.areMixed)
    }

    @Test func `the last row needs no line end`() async throws {
        #expect(try await read("13800138000,a,b").rows.count == 1)
        #expect(try await read("13800138000,a,\"b\"").rows.first?.fields[2] == "b")
    }

    @Test func `blank lines are counted and have no row number`() async throws {
        let result = try await read("\n13800138000,a,b\n   \n,,\n , \t,,,\n13900139000,a,b\n\n")
        #expect(result.emptyLines == 5)
        #expect(result.rows.map(\.number) == [1, 2])
        #expect(result.rows.map(\.line) == [3, 7])
        #expect(result.rejected.isEmpty)
    }

    @Test func `quotes keep separators, line breaks and doubled quotes`() async throws {
        let result = try await read("13800138000,\"a,\nb\",\"say \"\"hi\"\"\"\n" + Self.good)
        #expect(result.rows.map(\.fields).first == ["13800138000", "a,\nb", "say \"hi\""])
        #expect(result.rows.map(\.line) == [2, 4])
        #expect(result.rejected.isEmpty)
    }

    @Test func `a line break in a field is refused where the target cannot carry it`() async throws {
        var reading = CrowdReading()
        reading.keepsNewlines = false
        let result = try await read("13800138000,\"a\nb\",c\n" + Self.good, reading: reading)
        #expect(result.faults == ["1:FIELD_NEWLINE"])
        #expect(result.rejected.first?.column == 2)
        #expect(result.rows.map(\.line) == [4])
    }

    @Test func `a stray quote costs its own row only`() async throws {
        let result = try await read(Self.good + "13900139000,ab\"c,d\n" + Self.good)
        #expect(result.faults == ["2:CSV_QUOTE"])
        #expect(result.rejected.first?.column == 2)
        #expect(result.rejected.first?.line == 3)
        #expect(result.rejected.first?.text == "13900139000,ab\"c,d")
        #expect(result.rows.map(\.number) == [1, 3])
    }

    @Test func `a stray quote is a character when asked for`() async throws {
        var reading = CrowdReading()
        reading.lenientQuotes = true
        #expect(try await read("13900139000,ab\"c,d\n", reading: reading).rows.first?.fields[1] == "ab\"c")
    }

    @Test(arguments: [
        "13900139000,\"Bob,Oslo\n", "13900139000,Bob,\"Oslo\n", "\"13900139000,Bob,Oslo\n",
        "13900139000,\"Bob\"\" ,Oslo\n",
    ])
    func `a quote that is never closed costs its own row only`(row: String) async throws {
        let quoted = "13800138000,\"Li, Lei\",\"say \"\"hi\"\"\"\n"
        for after in [
            "", Self.good, Self.good + quoted, quoted + Self.good,
            String(repeating: Self.good, count: 90_000),
        ] {
            let result = try await read(Self.good + row + after)
            #expect(result.faults == ["2:CSV_QUOTE_UNTERMINATED"])
            #expect(result.rows.count == 1 + after.split(separator: "\n").count)
            #expect(result.rejected.first?.text == String(row.dropLast()))
        }
    }

    @Test func `a quote closed on another line with too few fields costs its first line only`() async throws {
        let result = try await read(
            "13900139000,\"Bob,Oslo\n" + Self.good + "13700137000,x,y\"\n" + Self.good
        )
        #expect(result.faults.first == "1:COLUMN_COUNT")
        #expect(result.rows.map(\.line) == [3, 5])
        #expect(result.faults.last == "3:CSV_QUOTE")
    }

    @Test func `the number of fields must be the header's`() async throws {
        let result = try await read("13800138000,a\n13800138000,a,b,c\n13800138000,a,b,,\n13800138000\n")
        #expect(result.faults == ["1:COLUMN_COUNT", "2:COLUMN_COUNT", "4:COLUMN_COUNT"])
        #expect(result.rows.map(\.number) == [3])
        #expect(result.rejected.allSatisfy { $0.column == nil })
    }

    @Test func `bytes that are no text cost their row only`() async throws {
        let gbk: [UInt8] = [0xC4, 0xE3, 0xBA, 0xC3]
        let good = Array(Self.good.utf8)
        let result = try await read(good + Array("13900139000,".utf8) + gbk + Array(",x\n".utf8) + good)
        #expect(result.faults == ["2:ENCODING_INVALID"])
        #expect(result.rejected.first?.column == 2)
        #expect(result.rejected.first?.text.contains("\u{FFFD}") == true)
        #expect(result.rows.count == 2)
    }

    @Test func `one byte of GBK at row 12,346 of 25,000 costs one row`() async throws {
        var body: [UInt8] = []
        for row in 1...25_000 {
            body += Array("\(13_800_000_000 + row),n\(row),".utf8) + (row == 12_346 ? [0xB0] : []) + [0x0A]
        }
        let result = try await read(body)
        #expect(result.faults == ["12346:ENCODING_INVALID"])
        #expect(result.rejected.first?.line == 12_347)
        #expect(result.rows.count == 24_999)
    }

    @Test(
        arguments: [
            ([0xC0, 0x80], false), ([0xED, 0xA0, 0x80], false), ([0xF4, 0x90, 0x80, 0x80], false),
            ([0x80], false),
            ([0xE4, 0xBD], false), ([0xF0, 0x9F, 0x98, 0x80], true), ([0xE4, 0xBD, 0xA0], true),
            ([0xC3, 0xA9], true),
            ([0xF5, 0x80, 0x80, 0x80], false), ([0xE0, 0x9F, 0xBF], false), ([0xEF, 0xBF, 0xBD], true),
        ] as [([UInt8], Bool)]
    )
    func `only well-formed UTF-8 is text`(bytes: [UInt8], isText: Bool) async throws {
        let result = try await read(Array("13900139000,a".utf8) + bytes + Array("b,c\n".utf8))
        #expect(result.faults == (isText ? [] : ["1:ENCODING_INVALID"]))
        #expect((String(validating: bytes, as: UTF8.self) != nil) == isText)
    }

    @Test func `NUL and control characters cost their row only`() async throws {
        let result = try await read(
            "13900139000,a\0b,c\n13900139000,a\u{7}b,c\n13900139000,a\tb,c\n13900139000\t,\ta,c\n"
                + "13900139000,a\u{85}b,c\n13900139000,\"a\u{1}b\",c\n"
        )
        #expect(
            result.faults == [
                "1:NUL_BYTE", "2:CONTROL_CHAR", "3:CONTROL_CHAR", "5:CONTROL_CHAR", "6:CONTROL_CHAR",
            ]
        )
        #expect(result.rows.first?.fields == ["13900139000", "a", "c"])
    }

    @Test func `invisible marks are stripped at the ends and refused inside`() async throws {
        let result = try await read(
            "\u{FEFF}13900139000,\u{200B}a\u{A0},\u{202C}\u{3000}c\u{2060} \n13900139000,a\u{200B}b,c\n"
                + "13900139000,a\u{A0}b,c\n13900139000,👨‍👩‍👧,李　雷\n138\u{200B}00138000,a,b\n"
        )
        #expect(result.rows.map(\.fields).first == ["13900139000", "a", "c"])
        #expect(result.rows.map(\.fields).last == ["13900139000", "👨‍👩‍👧", "李　雷"])
        #expect(result.faults == ["2:INVISIBLE_CHAR", "3:INVISIBLE_CHAR", "5:INVISIBLE_CHAR"])
        #expect(result.rejected.map(\.column) == [2, 2, 1])
    }

    @Test func `spreadsheet texts and formulas are read as the number inside`() async throws {
        let result = try await read(
            "=\"13800138000\",a,b\n\"=\"\"13900139000\"\"\",a,b\n'18600186000,a,b\n１３８００１３８０００,a,b\n"
        )
        #expect(
            result.rows.map(\.phone) == [
                8_613_800_138_000, 8_613_900_139_000, 8_618_600_186_000, 8_613_800_138_000,
            ]
        )
        #expect(result.rows.prefix(2).map { $0.fields[0] } == ["13800138000", "13900139000"])
        #expect(result.repaired == 1)
    }

    @Test func `a bad number is refused with its code, column and text`() async throws {
        let result = try await read("1.38E+10,a,b\n13800138000.0,a,b\n,a,b\n12800138000,\"q\"\"q\",b\n")
        #expect(
            result.faults == [
                "1:PHONE_SCIENTIFIC", "2:PHONE_EXCEL_FLOAT", "3:RECIPIENT_EMPTY", "4:PHONE_PREFIX",
            ]
        )
        #expect(result.rejected.allSatisfy { $0.column == 1 })
        #expect(result.rejected.last?.text == "12800138000,\"q\"\"q\",b")
    }

    @Test func `a recipient that is no number is kept as text`() async throws {
        var reading = CrowdReading()
        reading.recipients = .address(.id)
        let result = try await read("000123,a,b\n,a,b\n", reading: reading)
        #expect(result.rows == [.init(number: 1, line: 2, phone: nil, fields: ["000123", "a", "b"])])
        #expect(result.faults == ["2:RECIPIENT_EMPTY"])
    }

    @Test func `a variable that is needed may not be empty`() async throws {
        var reading = CrowdReading()
        reading.required = [1]
        let result = try await read("13800138000, ,b\n13800138000,a,\n", reading: reading)
        #expect(result.faults == ["1:VAR_EMPTY"])
        #expect(result.rejected.first?.column == 2)
    }

    @Test func `a field over 64 KiB is refused, one of 64 KiB is not`() async throws {
        let limit = String(repeating: "x", count: CSVScanner.fieldLimit)
        let result = try await read("13800138000,\(limit),b\n13800138000,\(limit)x,b\n" + Self.good)
        #expect(result.faults == ["2:FIELD_TOO_LONG"])
        #expect(result.rejected.first?.column == 2)
        #expect(result.rejected.first?.text.count == 200)
        #expect(result.rows.map(\.number) == [1, 3])
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `a line over 1 MiB is refused and the next is read`(lineEnd: String) async throws {
        let limit = CSVScanner.recordLimit
        for size in [limit - 1, limit, limit + 1, limit + 255 * 1_024, 3 * limit] {
            let head = "13800138000,a,"
            let long = head + String(repeating: " ", count: size - head.utf8.count)
            let result = try await read(long + lineEnd + "13900139000,a,b" + lineEnd)
            // The limit counts the line's end.
            let isTooLong = size + lineEnd.utf8.count > limit || (lineEnd == "\r" && size + 1 == limit)
            #expect(result.faults == (isTooLong ? ["1:LINE_TOO_LONG"] : ["1:FIELD_TOO_LONG"]))
            #expect(result.rows.map(\.line) == [3], "\(size)")
        }
    }

    @Test func `lines of 10 and 100 MB are passed over in flat memory`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("long.csv")
        try Data("userId,name\n13800138000,a\n".utf8).write(to: URL(fileURLWithPath: path))
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        for megabytes in [10, 100] {
            for _ in 0..<megabytes { try file.write(contentsOf: Data(repeating: 0x61, count: 1_000_000)) }
            try file.write(contentsOf: Data("\n13900139000,\"b\"\n".utf8))
        }
        try file.close()
        let bytes = try FileCrowdBytes(path: path)
        var reader = try CrowdFileReader(bytes, layout: await CrowdHeader.read(bytes))
        var rows = CrowdRows()
        while !reader.isAtEnd {
            rows.add(try await reader.nextBatch(maxRows: 2))
            let memory = reader.memory
            #expect(memory <= 2 * CSVScanner.recordLimit)
        }
        #expect(rows.faults == ["2:LINE_TOO_LONG", "4:LINE_TOO_LONG"])
        #expect(rows.rows.map(\.line) == [2, 4, 6])
    }

    @Test(arguments: [(";", CrowdSeparator.semicolon), ("\t", .tab), ("，", .fullWidthComma)])
    func `other separators cut as commas do`(text: String, separator: CrowdSeparator) async throws {
        let crowd = CrowdText(
            "userId,name,city\n13800138000,\"a,b\",c\n13900139000,d,\"e\"\n13900139000,d\n"
                .replacing(",", with: text)
        )
        #expect(try await crowd.layout().separator == separator)
        let rows = try await crowd.rows()
        #expect(rows.rows.map { $0.fields[1] } == ["a\(text)b", "d"])
        #expect(rows.rows.last?.fields[2] == "e")
        #expect(rows.faults == ["3:COLUMN_COUNT"])
    }

    @Test func `a cursor behind the file's end is noticed`() async throws {
        let crowd = CrowdText("userId\n13800138000\n13900139000\n")
        let layout = try await crowd.layout()
        let cursor = CrowdCursor(offset: 1_000, row: 9, line: 9)
        #expect(throws: CrowdFileError.changed) {
            _ = try CrowdFileReader(crowd, layout: layout, from: cursor).isAtEnd
        }
    }

    @Test func `a file that becomes shorter while it is read is noticed`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("crowd.csv")
        try Data(CrowdText("userId\n" + String(repeating: "13800138000\n", count: 9_000)).bytes)
            .write(to: URL(fileURLWithPath: path))
        let bytes = try FileCrowdBytes(path: path)
        let layout = try await CrowdHeader.read(bytes)
        try #require(FileHandle(forWritingAtPath: path)).truncate(atOffset: 100)
        await #expect(throws: CrowdFileError.changed) {
            var reader = try CrowdFileReader(bytes, layout: layout)
            _ = try await reader.nextBatch(maxRows: .max)
        }
    }

    @Test func `a file that is not there is reported`() throws {
        let error = #expect(throws: StoreError.self) { try FileCrowdBytes(path: "/nowhere/crowd.csv") }
        #expect(error?.code == .notFound)
        let shown = CrowdFileError.unreadable(try #require(error))
        #expect("\(shown)" == "crowd file: FILE_UNREADABLE: open: No such file or directory")
    }
}
