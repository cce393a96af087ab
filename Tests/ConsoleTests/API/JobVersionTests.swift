import Groundwork
import Scheduler
import Testing

@testable import Console

@Suite struct JobVersionTests {
    private static let first = """
        {"name":"coded","group":"app","script":{"language":"shell","source":"echo 1\\n","remark":"counts to one"},\
        "schedule":{"type":"FIX_RATE","conf":"10"}}
        """

    @Test func `versions are listed, read whole, and one is restored`() async throws {
        try await ConsoleBench.use { bench in
            let place = try #require(try await bench.post("/api/v1/jobs", Self.first).headers["location"])
            let edit = Self.first.replacing("echo 1", with: "echo 2").replacing("to one", with: "to two")
            _ = try await bench.put(place, #"{"version":1,"# + edit.dropFirst())
            _ = try await bench.post(place + "/disable")
            let list = try await bench.get(place + "/versions")
            #expect(list["items.0.version"] == 3)
            #expect(list["items.0.enabled"] == false)
            #expect(list["items.0.until"] == .null)
            #expect(list["items.0.changes.0"] == "enabled")
            #expect(list["items.1.changes.0"] == "script")
            #expect(list["items.1.remark"] == "counts to two")
            #expect(list["items.1.until"] == "2030-01-15T04:00:00.000Z")
            #expect(list["items.2.changes"] == .null)
            let page = try await bench.get(place + "/versions?limit=1&before=3")
            #expect(page["items.0.version"] == 2)
            #expect(page["next"] == 2)

            let old = try await bench.get(place + "/versions/1")
            #expect(old["script.source"] == "echo 1\n")
            #expect(old["version"] == 1)
            #expect(old["enabled"] == true)

            let restored = try await bench.post(place + "/versions/1/restore", #"{"version":3}"#)
            #expect(restored.status == 200)
            #expect(restored["version"] == 4)
            #expect(restored["script.source"] == "echo 1\n")
            #expect(restored["enabled"] == false)
            #expect(try await bench.post(place + "/versions/1/restore", #"{"version":3}"#).status == 409)
        }
    }

    @Test func `a restore with a key is made once`() async throws {
        try await ConsoleBench.use { bench in
            let place = try #require(try await bench.post("/api/v1/jobs", Self.first).headers["location"])
            _ = try await bench.post(place + "/disable")
            for _ in 0..<2 {
                let answer = try await bench.call(
                    "POST",
                    place + "/versions/1/restore",
                    Array(#"{"version":2}"#.utf8),
                    headers: [(name: "Idempotency-Key", value: "once")]
                )
                #expect(answer["version"] == 3)
            }
            #expect(try await bench.get(place)["version"] == 3)
        }
    }

    @Test func `what is not there, or makes no sense, is refused`() async throws {
        try await ConsoleBench.use { bench in
            let place = try #require(try await bench.post("/api/v1/jobs", Self.first).headers["location"])
            #expect(try await bench.get("/api/v1/jobs/99/versions").status == 404)
            #expect(try await bench.get(place + "/versions/2").status == 404)
            let odd = try await bench.get(place + "/versions/x")
            #expect(odd.status == 400)
            #expect(odd["field"] == "number")
            let bare = try await bench.post(place + "/versions/1/restore", "{}")
            #expect(bare.status == 400)
            #expect(bare["field"] == "version")
            #expect(try await bench.get(place + "/versions?before=0")["field"] == "before")
        }
    }
}
