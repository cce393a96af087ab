import Groundwork
import HTTPTypes
import Hummingbird
import People
import Scheduler

/// What jobs were before: their versions, and making one of them the job again.
struct JobVersionRoutes {
    let jobs: JobService
    let keyed: KeyedCalls

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/jobs/:id/versions", list)
        api.route(.get, "api/v1/jobs/:id/versions/:number") { call in
            let groups = try call.caller.groups
            return Answer(try await jobs.version(call.versionNumber, of: call.id(), seenBy: groups).json)
        }
        api.route(.post, "api/v1/jobs/:id/versions/:number/restore", keyed.once(restore))
    }

    @Sendable private func list(_ call: Call) async throws -> Answer {
        let (before, limit) = try call.query { query in
            (try query.optional("before", in: 1...Int64.max) as Int64?, try query.limit())
        }
        let groups = try call.caller.groups
        let page = try await jobs.versions(of: call.id(), after: before, limit: limit)
        let seen = page.elements.filter { groups.contains($0.version.spec.group) }
        return .page(seen.map(\.json), next: .number(page.next))
    }

    @Sendable private func restore(_ call: Call) async throws -> Answer {
        let version = try await call.body { body in try body.required("version") as Int64 }
        let (id, number) = (try call.id() as JobID, try call.versionNumber)
        try await call.caller.check(restoring: number, of: id, jobs)
        return Answer(try jobs.saved(try await jobs.restore(number, of: id, version: version)))
    }
}

extension Call {
    /// The number of a version in the path.
    fileprivate var versionNumber: Int64 {
        get throws(InputFault) {
            guard let number = Int64(segment("number")), number > 0 else {
                throw InputFault(.wrongType, field: "number", "must be a whole number above 0")
            }
            return number
        }
    }
}

extension VersionStep {
    /// The version without what may be long of it.
    fileprivate var json: WireObject {
        [
            "version": .number(version.number), "enabled": .bool(version.isEnabled),
            "name": .text(version.spec.name), "group": .text(version.spec.group),
            "since": .instant(version.since), "until": .instant(version.end?.at),
            "fromDefinition": .bool(version.definition != nil),
            "remark": .optional(version.spec.script?.remark),
            "changes": changes.map { .texts($0.map(\.rawValue)) } ?? .null,
        ]
    }
}
