import Foundation
import Groundwork
import PushEngine
import TestKit
import Testing

@testable import Console

/// Media files as they arrive, and as they go.
@Suite struct MediaTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]

    private static func upload(
        _ bench: ConsoleBench,
        _ bytes: [UInt8] = png,
        query: String = "name=logo.png&type=10&sendChannel=70"
    ) async throws -> ConsoleBench.Answer {
        try await bench.call("POST", "/api/v1/media?" + query, bytes)
    }

    private static func kept(_ bench: ConsoleBench) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: bench.folder.file("media"))) ?? []
    }

    @Test func `a file is taken in, listed and told of, with what suppliers have of it`() async throws {
        try await ConsoleBench.use { bench async throws in
            let answer = try await Self.upload(
                bench,
                query: "name=logo.png&type=10&sendChannel=70&operator=ann"
            )
            #expect(answer.status == 201)
            #expect(answer["reference"] == "media:1")
            #expect(answer["format"] == "png")
            #expect(answer["createdBy"] == "ann")
            #expect(answer.headers["location"] == "/api/v1/media/1")
            let id = MediaID(rawValue: 1)
            let turn = try #require(
                try await bench.books.takeMediaTurn(
                    of: id,
                    at: AccountID(rawValue: 3),
                    after: .none,
                    for: .seconds(9)
                )
            )
            #expect(try await bench.get("/api/v1/media/1")["copies"] == .list([]))
            let reference = MediaCopy.Reference(name: "@m", uploadedAt: bench.now, expiresAt: bench.now)
            _ = try await bench.books.endMediaTurn(
                turn,
                of: id,
                at: AccountID(rawValue: 3),
                with: reference
            )
            let list = try await bench.get("/api/v1/media?limit=1")
            #expect(list["items.0.copies.0.mediaId"] == "@m")
            #expect(list["items.0.copies.0.expiresAt"] == .instant(bench.now))
            #expect(list["next"] == 1)
            #expect(try await bench.get("/api/v1/media?after=1")["items"] == .list([]))
        }
    }

    @Test func `the same bytes come back as they are, and another channel's are its own`() async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await Self.upload(bench)["id"] == 1)
            #expect(try await Self.upload(bench, query: "name=b.png&type=10&sendChannel=70")["id"] == 1)
            #expect(try await Self.upload(bench, query: "name=b.png&type=10&sendChannel=90")["id"] == 2)
            #expect(Self.kept(bench).count == 1)
        }
    }

    @Test(arguments: [
        ("name=a.png&type=10&sendChannel=30", "sendChannel"), ("name=a.png&type=10&sendChannel=100", "type"),
        ("name=a.png&type=20&sendChannel=70", "type"), ("name=a.exe&type=30&sendChannel=90", "name"),
        ("name=a.png&type=11&sendChannel=70", "type"), ("name=a%2Fb.png&type=10&sendChannel=70", "name"),
    ])
    func `what the channel would not take is refused, and nothing of it stays`(
        query: String,
        field: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let answer = try await Self.upload(bench, query: query)
            #expect(answer.status == 400)
            #expect(answer["error.field"].text == field || answer["field"].text == field, "\(answer.text)")
            #expect(Self.kept(bench).isEmpty)
            #expect(try await bench.get("/api/v1/media")["items"] == .list([]))
        }
    }

    @Test func `a file that is too large or too small, or no picture, is refused`() async throws {
        try await ConsoleBench.use { bench async throws in
            let large = Self.png + [UInt8](repeating: 0, count: 10 << 20)
            #expect(try await Self.upload(bench, large).status == 413)
            #expect(try await Self.upload(bench, Array(Self.png.prefix(5))).status == 400)
            #expect(try await Self.upload(bench, Array("<svg xmlns=''/>".utf8)).status == 400)
            #expect(Self.kept(bench).isEmpty)
        }
    }

    @Test func `a file that a template refers to stays until it does no more`() async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await Self.upload(bench).status == 201)
            func template(_ reference: String, channel: Int = 70) -> String {
                let content = #"{\"sendType\":\"100\",\"mediaId\":\"\#(reference)\"}"#
                return """
                    {"name":"a","sendChannel":\(channel),"msgType":10,"templateType":20,"content":"\(content)"}
                    """
            }
            #expect(try await bench.post("/api/v1/templates", template("media:9")).status == 400)
            #expect(try await bench.post("/api/v1/templates", template("media:1", channel: 90)).status == 400)
            let made = try await bench.post("/api/v1/templates", template("media:1"))
            #expect(made.status == 201, "\(made.text)")
            #expect(try await bench.call("DELETE", "/api/v1/media/1").status == 409)
            let edit = template("@own").dropLast() + #","baseVersion":1}"#
            #expect(try await bench.put("/api/v1/templates/1", String(edit)).status == 200)
            #expect(try await bench.call("DELETE", "/api/v1/media/1").status == 204)
            #expect(try await bench.get("/api/v1/media/1").status == 404)
            #expect(Self.kept(bench).isEmpty)
            #expect(try await Self.upload(bench)["id"] == 2)
        }
    }
}
