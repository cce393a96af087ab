import Foundation
import TestKit
import Testing

@testable import KPush

/// What is read out of a dump, however it is written and cut into pieces.
@Suite struct DumpReaderTests {
    @Test(arguments: [
        (#"'it\'s'"#, "it's"), (#"'it''s'"#, "it's"), (#"'a\\'"#, #"a\"#), (#"'\\\''"#, #"\'"#),
        (#"'a\nb\tc\rd'"#, "a\nb\tc\rd"), (#"'100\%\_'"#, #"100\%\_"#), (#"'\q'"#, "q"),
        (#"'a\0b\Zc'"#, "a\u{0}b\u{1A}c"), (#""say ""hi"" it's""#, #"say "hi" it's"#),
        ("'-- no comment; /* nor this */ # nor this'", "-- no comment; /* nor this */ # nor this"),
        ("'),('", "),("), ("''", ""), ("_utf8mb4'你'", "你"), ("_binary 'a'", "a"), ("N'a'", "a"),
        ("0x61E4BDA0", "a你"),
        ("x'61'", "a"), ("X'6'", "\u{6}"), ("-1.5e3", "-1.5e3"), ("b'101'", "5"), ("0b11", "3"),
        ("/* before */ 7 -- after\n", "7"), ("# before\n7", "7"),
    ])
    func `a value is what MySQL makes of it`(literal: String, text: String) throws {
        let rows = try rows("INSERT INTO t (a, b) VALUES (\(literal), 1);")
        try #require(rows.count == 1)
        #expect(try rows[0].text("a") == text)
        #expect(try rows[0].number("b") == 1)
    }

    @Test func `null is no text and no number, and what a server would work out is neither`() throws {
        let row = try #require(try rows("INSERT INTO t (a, b) VALUES (NULL, now(6));").first)
        #expect(try row.text("a") == nil)
        #expect(try row.number("a") == nil)
        #expect(throws: DumpError.self) { try row.text("b") }
        #expect(throws: DumpError.self) { try row.text("c") }
    }

    @Test func `a text is the same wherever reading cuts it`() throws {
        let dump = """
            /* one */ CREATE TABLE IF NOT EXISTS `t` (`a` enum('x','y)') DEFAULT 'x' COMMENT 'a, b', -- note
            `b` decimal(10,2), PRIMARY KEY (`a`,`b`), KEY `k` (`a`)) ENGINE=InnoDB COMMENT='it''s; so';
            insert ignore into `d`.`t` values ('a\\'b',1.50),('c','2'); UPDATE t SET a = 'INSERT INTO t VALUES (9)';
            """
        let whole = try rows(dump)
        #expect(
            whole.map(\.values) == [
                ["a": .bytes(Array("a'b".utf8)), "b": .number("1.50")],
                ["a": .bytes(Array("c".utf8)), "b": .bytes(Array("2".utf8))],
            ]
        )
        for size in [1, 2, 3, 7, 64] { #expect(try rows(dump, piece: size) == whole, "pieces of \(size)") }
    }

    @Test(arguments: [
        ("INSERT INTO t VALUES (1);", 1, "names no columns"),
        ("\nINSERT INTO t (a) VALUES (1,2);", 2, "2 values"),
        ("INSERT INTO t (a) VALUES ('x", 1, "has no end"), ("/* x", 1, "comment has no end"),
        ("INSERT INTO t (a)\nSELECT 1;", 2, "VALUES is missing"),
        ("INSERT INTO t (a) VALUES (x'0g');", 1, "digit"),
        ("INSERT INTO t (a) VALUES (1;", 1, "')' is missing"),
        ("INSERT INTO t (a) VALUES (,);", 1, "value is missing"),
    ])
    func `what is no dump is refused with its line`(dump: String, line: Int, reason: String) throws {
        let error = try #require(throws: DumpError.self) { try rows(dump) }
        #expect(error.line == line)
        #expect(error.reason.contains(reason), "\(error)")
    }

    @Test func `a statement of another table is passed over whatever its length`() throws {
        // 64 MiB in one value, handed out piece by piece: more than any value of ours may have.
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var left = 66
        var reader = DumpReader(tables: ["t"]) {
            left -= 1
            switch left {
            case 65: return Array("INSERT INTO log VALUES ('".utf8)
            case 1...64: return piece
            case 0: return Array("\\'');INSERT INTO t (a) VALUES (1)".utf8)
            default: return []
            }
        }
        #expect(try reader.next()?.number("a") == 1)
        #expect(try reader.next() == nil)
    }

    @Test func `a value that is longer than any of the tables' is refused`() throws {
        var isFirst = true
        var reader = DumpReader(tables: ["t"]) {
            defer { isFirst = false }
            return isFirst
                ? Array("INSERT INTO t (a) VALUES ('".utf8) : [UInt8](repeating: 65, count: 1 << 20)
        }
        let error = #expect(throws: DumpError.self) { try reader.next() }
        #expect(error?.reason.contains("16 MiB") == true)
    }

    private func rows(_ dump: String, piece: Int = 1 << 16) throws(DumpError) -> [DumpRow] {
        var rest = Array(dump.utf8)[...]
        var reader = DumpReader(tables: ["t"]) {
            defer { rest = rest.dropFirst(piece) }
            return Array(rest.prefix(piece))
        }
        var rows: [DumpRow] = []
        while let row = try reader.next() { rows.append(row) }
        return rows
    }
}
