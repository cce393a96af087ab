import Groundwork
import People
import Testing

@testable import Console

/// The API of users.
@Suite struct UserTests {
    private static let ann =
        #"{"name":"Ann","displayName":"Ann B.","role":"operator","groups":["a"],"password":"correct horse"}"#

    @Test func `a user is added, listed, looked at and changed, and no answer holds a password`() async throws
    {
        try await ConsoleBench.use { bench in
            let made = try await bench.post("/api/v1/users", Self.ann)
            #expect(made.status == 201)
            #expect(made["name"] == "ann")
            #expect(made["groups.0"] == "a")
            let path = try #require(made.headers["location"])
            #expect(try await bench.get(path).body == made.body)
            let list = try await bench.get("/api/v1/users?limit=1")
            #expect(list["items.0.id"] == made["id"])
            #expect(list["next"] == made["id"])
            let change = #"{"version":1,"displayName":"Ann","role":"viewer","password":"another horse"}"#
            let changed = try await bench.put(path, change)
            #expect(changed.status == 200)
            #expect(changed["groups"].isNull)
            #expect(changed["version"] == 2)
            for answer in [made, list, changed] {
                #expect(!answer.text.contains("horse") && !answer.text.contains("scrypt"))
            }
            #expect(try await bench.put(path, change).status == 409)
        }
    }

    @Test(arguments: [
        (#"{"role":"viewer","password":"correct horse"}"#, "name"),
        (#"{"name":"token","role":"viewer","password":"correct horse"}"#, "name"),
        (#"{"name":"ann","role":"root","password":"correct horse"}"#, "role"),
        (#"{"name":"ann","password":"correct horse"}"#, "role"),
        (#"{"name":"ann","role":"viewer"}"#, "password"),
        (#"{"name":"ann","role":"viewer","password":"short"}"#, "password"),
        (#"{"name":"ann","role":"viewer","password":"password123"}"#, "password"),
        (#"{"name":"ann","role":"viewer","password":"correct horse","generation":3}"#, "generation"),
        (#"{"name":"ann","role":"viewer","password":"correct horse","groups":["a\nb"]}"#, "groups"),
    ])
    func `what makes no sense is refused with its field`(json: String, field: String) async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.post("/api/v1/users", json)
            #expect(answer.status == 400)
            #expect(answer["field"] == .text(field))
            #expect(try await bench.parts.users.list().isEmpty)
        }
    }

    @Test func `a name is given once, and who is not there is not found`() async throws {
        try await ConsoleBench.use { bench in
            _ = try await bench.post("/api/v1/users", Self.ann)
            #expect(try await bench.post("/api/v1/users", Self.ann).status == 409)
            #expect(try await bench.get("/api/v1/users/99").status == 404)
        }
    }
}
