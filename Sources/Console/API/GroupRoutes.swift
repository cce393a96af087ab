import Groundwork
import HTTPTypes
import Hummingbird
import People
import Scheduler

/// Groups of executors: what operators decide about them.
///
/// A group's token is told once, when it is made.
struct GroupRoutes {
    let groups: GroupService
    let runs: RunService
    let clock: any WallClock

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/groups") { call in
            let seen = try call.caller.groups
            let executors = try await living()
            let groups = try await groups.list().filter { seen.contains($0.name) }
            return Answer.page(groups.map { $0.json(executors) })
        }
        api.route(.post, "api/v1/groups", create)
        api.route(.get, "api/v1/groups/:id") { call in
            Answer(try await groups.group(call.id()).json(try await living()))
        }
        api.route(.put, "api/v1/groups/:id", update)
        api.route(.delete, "api/v1/groups/:id") { call in
            try await groups.remove(call.id())
            return NoContent()
        }
        api.route(.post, "api/v1/groups/:id/token") { call in
            Answer(["token": .text(try await groups.renewToken(call.id()).reveal())], status: .created)
        }
        api.route(.delete, "api/v1/groups/:id/token") { call in
            try await groups.removeToken(call.id())
            return NoContent()
        }
    }

    @Sendable private func create(_ call: Call) async throws -> Answer {
        let (name, title, registration, hasToken) = try await call.body { body in
            (
                try body.required("name") as String, try body.optional("title") ?? "",
                try GroupRegistration(&body), try body.optional("ownToken") ?? false
            )
        }
        let (group, token) = try await groups.create(
            name,
            title: title,
            registration: registration,
            hasToken: hasToken
        )
        var json = group.json(try await living())
        json.append("token", .optional(token?.reveal()))
        return .created(json, at: "/api/v1/groups/\(group.id)")
    }

    @Sendable private func update(_ call: Call) async throws -> Answer {
        let (version, title, registration) = try await call.body { body in
            (
                try body.required("version") as Int64, try body.optional("title") ?? "",
                try GroupRegistration(&body)
            )
        }
        let group = try await groups.update(
            call.id(),
            version: version,
            title: title,
            registration: registration
        )
        return Answer(group.json(try await living()))
    }

    /// The addresses of living executors, by group.
    private func living() async throws -> [String: [ExecutorAddress]] {
        let now = clock.now
        return Dictionary(
            grouping: try await runs.executors().filter { $0.isAlive(at: now) },
            by: \.group
        )
        .mapValues { $0.map(\.address) }
    }
}

extension GroupRegistration {
    /// Reads `registration` and `addresses`; addresses alone mean that they are written down.
    fileprivate init(_ body: inout Input) throws {
        let addresses = try body.values("addresses") as [String]? ?? []
        let word: String = try body.optional("registration") ?? (addresses.isEmpty ? "automatic" : "manual")
        switch word {
        case "manual": try self.init(manual: addresses)
        case "automatic":
            guard addresses.isEmpty else {
                throw InputFault(.outOfRange, field: "addresses", "must be empty where executors register")
            }
            self = .automatic
        default:
            throw InputFault(.outOfRange, field: "registration", "must be automatic or manual")
        }
    }
}

extension ExecutorGroup {
    fileprivate func json(_ living: [String: [ExecutorAddress]]) -> WireObject {
        [
            "id": .id(id), "version": .number(version), "name": .text(name), "title": .text(title),
            "registration": .text(registration.isManual ? "manual" : "automatic"),
            "addresses": .texts(registration.addresses.map(\.url)),
            "ownToken": .bool(token != .shared), "createdAt": .instant(createdAt),
            "living": .texts((living[name] ?? []).map(\.url)),
        ]
    }
}
