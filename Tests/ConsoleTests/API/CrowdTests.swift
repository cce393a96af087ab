import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Console

/// Crowd files as they arrive, and what is wrong with some of them.
@Suite struct CrowdTests {
    private static func upload(
        _ bench: ConsoleBench,
        _ bytes: [UInt8],
        name: String = "crowd.csv"
    ) async throws -> ConsoleBench.Answer {
        try await bench.call("POST", "/api/v1/crowds?name=\(name)", bytes)
    }

    private static func leftovers(_ bench: ConsoleBench) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: bench.folder.file("crowds"))) ?? []
    }

    @Test func `takes a file in and tells what it holds`() async throws {
        try await ConsoleBench.use { bench in
            let text = "phone,name\n13800138000,安\n10086,李\n13800138001,王\n"
            let answer = try await Self.upload(bench, Array(text.utf8))
            #expect(answer.status == 201)
            #expect(answer["rowCount"] == 3)
            #expect(answer["columns"] == .texts(["phone", "name"]))
            #expect(answer["refused.PHONE_SERVICE"] == 1)
            #expect(answer["refusedRows.0.row"] == 2)
            #expect(answer["refusedRows.0.column"] == "phone")
            let digest = try #require(answer["digest"].text)
            #expect(answer.headers["location"] == "/api/v1/crowds/\(digest)")
            #expect(try await bench.get("/api/v1/crowds/\(digest)")["rowCount"] == 3)
            #expect(Self.leftovers(bench) == ["\(digest).csv"])
        }
    }

    @Test(arguments: [
        ("email,name\nAnn@Example.COM,A\nann,B\n", "", "MAIL_FORM"),
        ("userId,name\nann@example.com,A\n13800138000,B\n", "&idType=50", "MAIL_FORM"),
        ("openid,name\no6_bmjrPTlm6,A\na b,B\n", "", "ID_CHARACTER"),
        ("userId,name\n000123,A\n\"a,b\",B\n", "&idType=10", "ID_CHARACTER"),
    ])
    func `recipients of other channels are taken as they are written there`(
        text: String,
        idType: String,
        code: String
    ) async throws {
        try await ConsoleBench.use { bench in
            let path = "/api/v1/crowds?name=crowd.csv" + idType
            let answer = try await bench.call("POST", path, Array(text.utf8))
            #expect(answer.status == 201)
            #expect(answer["rowCount"] == 2)
            #expect(answer["refused.\(code)"] == 1)
            #expect(answer["refusedRows.0.row"] == 2)
        }
    }

    @Test func `a file that is known comes back as it is`() async throws {
        try await ConsoleBench.use { bench in
            let bytes = Array("phone\n13800138000\n".utf8)
            let first = try await Self.upload(bench, bytes)
            let second = try await Self.upload(bench, bytes, name: "again.csv")
            #expect(first["digest"] == second["digest"])
            #expect(second["name"] == "crowd.csv")
        }
    }

    @Test func `rows that cannot be sent to are refused by themselves`() async throws {
        try await ConsoleBench.use { bench in
            var bytes = Array("phone,name\n13800138000,good\n13800138001,\0\n13800138002,".utf8)
            bytes += [0xD6, 0xD0, 0x0A]
            bytes += Array("13800138003\n13800138004,".utf8)
            bytes += [UInt8](repeating: UInt8(ascii: "a"), count: 10 << 20)
            bytes += Array("\n13800138005,\"never closed\n".utf8)
            let answer = try await Self.upload(bench, bytes)
            #expect(answer.status == 201)
            for code in [
                "NUL_BYTE", "ENCODING_INVALID", "COLUMN_COUNT", "LINE_TOO_LONG", "CSV_QUOTE_UNTERMINATED",
            ] {
                #expect(answer["refused.\(code)"] == 1, "\(code)")
            }
            #expect(answer["rowCount"] == 6)
        }
    }

    /// Files that cannot be a crowd: bytes, code, field, row.
    private static let bad: [([UInt8], String, String?, Int64?)] = [
        ([], "FILE_EMPTY", nil, nil),
        (Array(" \n\n".utf8), "FILE_EMPTY", nil, nil),
        (Array("phone,name\n".utf8), "NO_ROWS", nil, nil),
        (Array("name,city\nann,berlin\n".utf8), "RECIPIENT_MISSING", "userId", nil),
        (Array("13800138000,ann\n".utf8), "HEADER_MISSING", "header", nil),
        (Array("phone,name,Name\n13800138000,a,b\n".utf8), "HEADER_DUPLICATE", "name", nil),
        (Array("phone,\"name\n13800138000,a\n".utf8), "HEADER_UNREADABLE", "header", nil),
        ([0xCA, 0xD6, 0xBB, 0xFA, 0xBA, 0xC5, 0x0A], "FILE_UNSUPPORTED", nil, nil),
        ([0x50, 0x4B, 0x03, 0x04, 0x00], "FILE_UNSUPPORTED", nil, nil),
        (Array("phone\n\"13800138000\n".utf8), "NO_GOOD_ROWS", nil, 1),
        (Array("phone\n1380013\08000\n".utf8), "NO_GOOD_ROWS", nil, 1),
        (Array("phone\n10086\n10010\n".utf8), "NO_GOOD_ROWS", nil, 1),
        (
            Array("phone,name\n13800138000,".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 10 << 20),
            "NO_GOOD_ROWS", nil, 1
        ),
    ]

    @Test(arguments: bad.indices)
    func `refuses a file that cannot be a crowd and keeps nothing of it`(index: Int) async throws {
        let (bytes, code, field, row) = Self.bad[index]
        try await ConsoleBench.use { bench in
            let answer = try await Self.upload(bench, bytes)
            #expect(answer.status == 422)
            #expect(answer["code"] == .text(code))
            #expect(answer["field"].text == field)
            #expect(answer["row"].wholeNumber == row)
            #expect(Self.leftovers(bench).isEmpty)
        }
    }

    @Test(arguments: ["", "?name=", "?name=a/b", "?nam=a", "?name=a%0Ab"])
    func `refuses a file without a proper name`(query: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.call(
                "POST",
                "/api/v1/crowds\(query)",
                Array("phone\n13800138000\n".utf8)
            )
            #expect(answer.status == 400)
            #expect(Self.leftovers(bench).isEmpty)
        }
    }

    @Test func `refuses a file beyond the limit and keeps nothing of it`() async throws {
        try await ConsoleBench.use(crowdSizeLimit: 1_000) { bench in
            let rows = String(repeating: "13800138000\n", count: 200)
            let answer = try await Self.upload(bench, Array("phone\n\(rows)".utf8))
            #expect(answer.status == 413)
            #expect(Self.leftovers(bench).isEmpty)
        }
    }

    @Test func `an unknown crowd is not found`() async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await bench.get("/api/v1/crowds/abc").status == 404)
        }
    }
}
