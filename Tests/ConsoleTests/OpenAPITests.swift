import Groundwork
import HTTPTypes
import Hummingbird
import Testing

@testable import Console

/// The document and the doors say the same.
@Suite struct OpenAPITests {
    @Test func `every route is in the document, and the other way round`() async throws {
        try await ConsoleBench.use { bench async throws in
            let router = Router(context: ConsoleContext.self)
            ConsoleRouter.addDoors(to: router, bench.parts, bench.settings)
            let routes = Set(router.routes.map { "\($0.method.rawValue) \($0.path)" })
            let operations = bench.contract.operations
            #expect(routes.subtracting(operations).isEmpty)
            #expect(operations.subtracting(routes).isEmpty)
        }
    }

    @Test func `everybody may read it`() async throws {
        try await ConsoleBench.use { bench in
            let answer = try await bench.call("GET", "/openapi.json", token: nil)
            #expect(answer.status == 200)
            #expect(answer["openapi"] == "3.1.0")
        }
    }

    @Test func `every reference leads somewhere and every operation has a name of its own`() async throws {
        try await ConsoleBench.use { bench in
            let text = try await bench.get("/openapi.json").text
            let references = Set(text.matches(of: /"#\/([A-Za-z\/]+)"/).map { String($0.1) })
            try #require(!references.isEmpty)
            for reference in references {
                let target = reference.split(separator: "/")
                    .reduce(WireValue.object(bench.contract.document)) { $0.object?[String($1)] ?? .null }
                #expect(target.object != nil, "\(reference)")
            }
            let names = text.matches(of: /"operationId": "([A-Za-z]+)"/).map { String($0.1) }
            #expect(names.count == bench.contract.operations.count)
            #expect(Set(names).count == names.count)
        }
    }

    @Test func `whatever asks who somebody is may also find that it is not for them`() async throws {
        try await ConsoleBench.use { bench async throws in
            let paths = try #require(bench.contract.document["paths"].object)
            for path in paths.members {
                for operation in path.value.object?.members ?? [] {
                    guard let answers = operation.value.object?["responses"].object, !answers["401"].isNull
                    else { continue }
                    #expect(!answers["403"].isNull, "\(operation.key) \(path.key)")
                }
            }
        }
    }

    @Test func `the contract notices what is not documented`() async throws {
        try await ConsoleBench.use { bench async throws in
            func deviations(_ path: String, _ status: Int, _ json: String) -> [String] {
                let headers = ["content-type": "application/json"]
                let answer = ConsoleBench.Answer(status: status, headers: headers, body: Array(json.utf8))
                return bench.contract.deviations("GET", path, [], answer)
            }
            #expect(deviations("/api/v1/crowds/x", 418, "{}") == ["status 418 is not documented"])
            #expect(deviations("/nowhere", 200, "{}") == ["not documented"])
            #expect(deviations("/readyz", 200, #"{"ready":1,"silent":[]}"#).count == 1)
            #expect(deviations("/readyz", 200, #"{"ready":true}"#) == ["answer: silent is missing"])
            #expect(deviations("/readyz?a=1", 200, #"{"ready":true,"silent":[]}"#).count == 1)
            #expect(deviations("/readyz", 200, #"{"ready":true,"silent":[],"a":1}"#).count == 1)
        }
    }
}
