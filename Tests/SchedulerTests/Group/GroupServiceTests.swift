import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// What operators may decide about groups of executors.
struct GroupServiceTests {
    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test(arguments: ["abc", "Report", "1report", "re.port", "re_port", "report ", "réport", ""])
    func `a new name has the form that xxl-job asks for`(name: String) async throws {
        let faults = await faults { () async throws(SchedulerError) in
            _ = try await rig.groups.create(name, title: "", registration: .automatic)
        }
        #expect(faults == ["name"])
    }

    @Test(arguments: ["abcd", "report-2", String(repeating: "a", count: 64)])
    func `a name of the usual form is taken`(name: String) async throws {
        let made = try await rig.groups.create(name, title: "Reports", registration: .automatic)
        #expect(try await rig.groups.list() == [made.group])
        #expect(made.token == nil)
    }

    @Test func `a name that a job or an executor has already stays usable`() async throws {
        try await rig.executor()
        let app = try await rig.groups.create("app", title: "", registration: .automatic)
        #expect(app.group.name == "app")
        var spec = JobSpec.sample(schedule: .manual)
        spec.group = "Old_Group"
        _ = try await rig.jobs.create(spec)
        #expect(
            try await rig.groups.create("Old_Group", title: "", registration: .automatic).group.name
                == "Old_Group"
        )
    }

    @Test func `a list of addresses that makes no sense is refused by its field`() async throws {
        #expect(
            await faults { () async throws(SchedulerError) in
                _ = try GroupRegistration(manual: ["http://one:9999", "ftp://one", "http://me@one"])
            } == ["addresses[1]", "addresses[2]"]
        )
        for addresses in [[], [ExecutorAddress.sample("one"), .sample("one")]] {
            #expect(
                await faults { () async throws(SchedulerError) in
                    _ = try await rig.groups.create("reports", title: "", registration: .manual(addresses))
                } == ["addresses"]
            )
        }
        #expect(
            await faults { () async throws(SchedulerError) in
                _ = try await rig.groups.create("reports", title: "a\nb", registration: .automatic)
            } == ["title"]
        )
        #expect(try await rig.groups.list().isEmpty)
    }

    @Test func `of two changes to what both looked at, one is told of the other`() async throws {
        let group = try await rig.groups.create("reports", title: "", registration: .automatic).group
        _ = try await rig.groups.update(
            group.id,
            version: group.version,
            title: "One",
            registration: .automatic
        )
        await #expect(throws: SchedulerError.self) {
            try await rig.groups.update(
                group.id,
                version: group.version,
                title: "Two",
                registration: .automatic
            )
        }
        #expect(try await rig.groups.group(group.id).title == "One")
    }

    @Test func `each token is another one, and none is told twice`() async throws {
        let made = try await rig.groups.create("reports", title: "", registration: .automatic, hasToken: true)
        let first = try #require(made.token)
        #expect(first.reveal().count == 64)
        let second = try await rig.groups.renewToken(made.group.id)
        #expect(second != first)
        #expect("\(try await rig.groups.group(made.group.id))".contains(second.reveal()) == false)
    }

    private func faults(_ body: () async throws(SchedulerError) -> Void) async -> [String] {
        do throws(SchedulerError) {
            try await body()
            return []
        } catch {
            guard case .invalid(let faults) = error else { return ["\(error)"] }
            return faults.map(\.field)
        }
    }
}
