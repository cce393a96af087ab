import Groundwork
import PushEngine
import Testing

@Suite struct SuppressionTests {
    @Test func `notes and signatures have an end`() async throws {
        try await ConsoleBench.use { bench in
            for (list, entry, field) in [
                (
                    "suppressions",
                    #"{"receiver":"13800138000","note":"\#(String(repeating: "n", count: 501))"}"#, "note"
                ),
                (
                    "allow-list",
                    #"{"receiver":"13800138000","note":"\#(String(repeating: "n", count: 501))"}"#, "note"
                ),
                (
                    "suppressions",
                    #"{"receiver":"13800138000","scope":"signature","signName":"\#(String(repeating: "快", count: 65))"}"#,
                    "signName"
                ),
            ] {
                let answer = try await bench.post("/api/v1/\(list)", #"{"entries":[\#(entry)]}"#)
                #expect(answer.status == 400)
                #expect(answer["field"] == .text("entries[0].\(field)"))
            }
        }
    }

    @Test func `entries are put on the blacklist, looked up and taken off`() async throws {
        try await ConsoleBench.use { bench async throws in
            let added = try await bench.post(
                "/api/v1/suppressions",
                """
                {"operator":"ann","entries":[{"receiver":"138 0013 8000"},
                {"receiver":"13800138001","scope":"signature","signName":"【快推】","note":"asked"},
                {"receiver":"13800138000","scope":"type","msgType":20},
                {"receiver":"Ann@Example.org","sendChannel":40},{"receiver":"+8613800138000"}]}
                """
            )
            #expect(added.status == 200)
            #expect(added["added"] == 4)
            let mine = try await bench.get("/api/v1/suppressions?receiver=13800138000")
            #expect(mine["items"].list?.count == 2)
            #expect(mine["items.0.scope"] == "type" && mine["items.0.msgType"] == 20)
            #expect(mine["items.1.scope"] == "all" && mine["items.1.receiver"] == "+8613800138000")
            #expect(mine["items.1.operator"] == "ann" && mine["items.1.source"] == 10)
            let mail = try await bench.get("/api/v1/suppressions?receiver=aNN@example.org&sendChannel=40")
            #expect(mail["items"].list?.count == 1)
            let first = try await bench.get("/api/v1/suppressions?limit=3")
            let next = try #require(first["next"].wholeNumber)
            let rest = try await bench.get("/api/v1/suppressions?limit=3&after=\(next)")
            #expect(rest["items"].list?.count == 1 && rest["next"] == .null)
            let id = try #require(mine["items.0.id"].wholeNumber)
            #expect(try await bench.call("DELETE", "/api/v1/suppressions/\(id)").status == 204)
            #expect(try await bench.call("DELETE", "/api/v1/suppressions/\(id)").status == 404)
            #expect(try await bench.get("/api/v1/suppressions")["items"].list?.count == 3)
        }
    }

    @Test(arguments: [
        ("{}", "entries"), (#"{"entries":[]}"#, "entries"), (#"{"entries":[{}]}"#, "entries[0].receiver"),
        (#"{"entries":[{"receiver":"13800138000"},{"receiver":"12"}]}"#, "entries[1].receiver"),
        (#"{"entries":[{"receiver":"13800138000","scope":"signature"}]}"#, "entries[0].scope"),
        (#"{"entries":[{"receiver":"13800138000","scope":"type"}]}"#, "entries[0].scope"),
        (#"{"entries":[{"receiver":"13800138000","msgType":20}]}"#, "entries[0].scope"),
        (#"{"entries":[{"receiver":"a b","sendChannel":20}]}"#, "entries[0].receiver"),
    ])
    func `an entry that cannot be read keeps all of them off the list`(
        body: String,
        field: String
    ) async throws {
        try await ConsoleBench.use { bench async throws in
            let answer = try await bench.post("/api/v1/suppressions", body)
            #expect(answer.status == 400)
            #expect(answer["field"] == .text(field))
            #expect(try await !bench.books.hasSuppressions())
        }
    }

    @Test func `more entries than a call may bring are refused`() async throws {
        try await ConsoleBench.use { bench async throws in
            func send(_ count: Int) async throws -> ConsoleBench.Answer {
                let entries = (0..<count).map { "{\"receiver\":\"1380013\(1_000 + $0)\"}" }
                    .joined(separator: ",")
                return try await bench.post("/api/v1/suppressions", "{\"entries\":[\(entries)]}")
            }
            #expect(try await send(1_001).status == 400)
            #expect(try await send(1_000)["added"] == 1_000)
        }
    }

    @Test func `the allow-list says whether it is switched on`() async throws {
        try await ConsoleBench.use { bench async throws in
            let body = #"{"entries":[{"receiver":"13800138000","note":"tester"}],"operator":"ann"}"#
            #expect(try await bench.post("/api/v1/allow-list", body)["added"] == 1)
            #expect(try await bench.post("/api/v1/allow-list", body)["added"] == 0)
            let list = try await bench.get("/api/v1/allow-list")
            #expect(list["enabled"] == false && list["items.0.note"] == "tester" && list["next"] == .null)
            let id = try #require(list["items.0.id"].wholeNumber)
            #expect(try await bench.call("DELETE", "/api/v1/allow-list/\(id)").status == 204)
            #expect(try await bench.call("DELETE", "/api/v1/allow-list/\(id)").status == 404)
        }
    }

    @Test func `sensitive words are added once, listed and removed`() async throws {
        try await ConsoleBench.use { bench async throws in
            let body = #"{"words":[{"text":"赌博"},{"text":"Casino"},{"text":"ｃａｓｉｎｏ"}]}"#
            #expect(try await bench.post("/api/v1/sensitive-words", body)["added"] == 2)
            let list = try await bench.get("/api/v1/sensitive-words")
            #expect(list["items.0.text"] == "赌博" && list["items.1.text"] == "Casino")
            let bad = try await bench.post(
                "/api/v1/sensitive-words",
                #"{"words":[{"text":"x"},{"text":"。"}]}"#
            )
            #expect(bad.status == 400 && bad["field"] == "words[1].text")
            let id = try #require(list["items.0.id"].wholeNumber)
            #expect(try await bench.call("DELETE", "/api/v1/sensitive-words/\(id)").status == 204)
            #expect(try await bench.call("DELETE", "/api/v1/sensitive-words/\(id)").status == 404)
            #expect(try await bench.get("/api/v1/sensitive-words")["items"].list?.count == 1)
        }
    }
}
