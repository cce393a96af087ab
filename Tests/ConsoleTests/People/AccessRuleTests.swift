import Groundwork
import HTTPTypes
import Hummingbird
import People
import Testing

@testable import Console

/// What each address needs, and that nobody with less gets in.
@Suite struct AccessRuleTests {
    struct Address {
        let method: HTTPTypes.HTTPRequest.Method
        let path: String

        /// The path with numbers in place of its parameters.
        var sample: String { sample([:]) }

        /// The path with these numbers in place of its parameters, 1 for others.
        func sample(_ ids: [AccessRules.Belonging: String]) -> String {
            let id = ids[AccessRules.belonging(method, path)] ?? "1"
            return path.replacing("{id}", with: id).replacing(/\{[a-z]+\}/, with: "1")
        }

        var need: Role? { AccessRules.need(method, path) }
        /// Whether the answer goes on for as long as somebody reads it.
        var isEndless: Bool { path.hasSuffix("/events") || path == "/runs/{id}/log" }
    }

    private static let open = [
        "/healthz", "/readyz", "/openapi.json", "/callbacks", "/s/", "/api/{name}", "/xxl-job-admin",
        "/assets",
        "/sign-in", "/sign-out", "/language",
    ]

    /// Every address that somebody must be known for.
    static func addresses(_ bench: ConsoleBench) throws -> [Address] {
        let router = Router(context: ConsoleContext.self)
        ConsoleRouter.addDoors(to: router, bench.parts, bench.settings)
        try PageRoutes(bench.parts, bench.settings).add(to: router)
        return router.routes.map { Address(method: $0.method, path: $0.path.description) }
            .filter { address in !open.contains { address.path.hasPrefix($0) } }
    }

    @Test func `no address is without a need, and no need is without an address`() async throws {
        try await ConsoleBench.use { bench async throws in
            let addresses = try Self.addresses(bench)
            try #require(addresses.count > 100)
            #expect(addresses.filter { $0.need == nil }.map { "\($0.method) \($0.path)" } == [])
            let parts = addresses.map { address in
                let path = address.path.replacing(/^\/api\/v1/, with: "")
                return path.split(separator: "/").first.map(String.init) ?? ""
            }
            #expect(Set(AccessRules.areas.keys).subtracting(parts).isEmpty)
        }
    }

    @Test func `what nobody wrote down is for administrators who see all groups`() {
        #expect(AccessRules.need(.get, "/api/v1/nothing") == nil)
        #expect(AccessRules.belonging(.get, "/api/v1/jobs/export") == .unknown)
        #expect(AccessRules.belonging(.get, "/jobs/{id}/edit") == .job)
        #expect(AccessRules.belonging(.post, "/api/v1/runs/{id}/kill") == .run)
        #expect(AccessRules.belonging(.get, "/api/v1/executors/{name}") == .unknown)
        #expect(AccessRules.belonging(.put, "/api/v1/groups/{id}") == .group)
    }

    @Test(arguments: Role.allCases)
    func `a role looks at what it may look at and at nothing else`(role: Role) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: role)
            for address in try Self.addresses(bench) where address.method == .get && !address.isEndless {
                let status = try await browser.get(address.sample).status
                let mayLook = try role >= #require(address.need)
                #expect((status == 403) == !mayLook, "GET \(address.path): \(status)")
                #expect(status != 401 && status != 303, "GET \(address.path): \(status)")
            }
        }
    }

    @Test(arguments: Role.allCases)
    func `a role presses the buttons that it may press and no others`(role: Role) async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: role)
            let token = try browser.formToken(in: try await browser.get("/"))
            let buttons = try Self.addresses(bench)
                .filter { $0.method == .post && !$0.path.hasPrefix("/api/") }
                .filter { !["/send", "/batchSend", "/recall"].contains($0.path) }
            try #require(buttons.count > 20)
            for address in buttons {
                let answer = try await browser.post(address.sample, ["form_token": token])
                let mayPress = try role >= #require(address.need)
                #expect((answer.status == 403) == !mayPress, "POST \(address.path): \(answer.status)")
                if !mayPress { #expect(answer.text.contains("You may not do that")) }
            }
        }
    }

    @Test func `a session changes nothing through the API, whatever its role`() async throws {
        try await ConsoleBench.use { bench async throws in
            var browser = try await Browser.signedIn(bench, as: .admin)
            for address in try Self.addresses(bench)
            where address.method == .post && address.path.hasPrefix("/api/") {
                #expect(try await browser.post(address.sample, [:]).status == 401, "\(address.path)")
            }
        }
    }

    @Test func `the menu shows what may be looked at`() async throws {
        try await ConsoleBench.use { bench async throws in
            var viewer = try await Browser.signedIn(bench, as: .viewer)
            #expect(try await !viewer.get("/").text.contains("href=\"/users\""))
            var admin = try await Browser.signedIn(bench, as: .admin, name: "bob")
            #expect(try await admin.get("/").text.contains("href=\"/users\""))
        }
    }
}
