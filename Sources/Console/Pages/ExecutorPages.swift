import Groundwork
import People
import Scheduler

/// Who runs jobs: groups as operators wrote them down, and the executors that are known.
struct ExecutorPages: PageDesk {
    let parts: ConsoleParts

    var pages: [PageRoute<PageAnswer>] {
        [
            PageRoute("/executors") { visit in
                let groups = try await parts.groups.list().filter { visit.groups.contains($0.name) }
                let executors = try await parts.executors(of: visit.groups)
                let model = ExecutorList(groups, executors, visit.say)
                return .page(Page("executors", .executors, title: visit.say("nav-executors"), model))
            },
            PageRoute("/executors/new") { visit in .page(Self.page(GroupForm(visit.say))) },
            PageRoute("/executors/:id") { visit in
                .page(Self.page(GroupForm(try await parts.groups.group(visit.id()), visit.say)))
            },
        ]
    }

    var buttons: [PageRoute<ButtonAnswer>] {
        [
            PageRoute("/executors/new", create),
            PageRoute("/executors/:id/edit", update),
            PageRoute("/executors/:id/token") { visit in
                let token = try await parts.groups.renewToken(visit.id())
                var form = GroupForm(try await parts.groups.group(visit.id()), visit.say)
                form.token = token.reveal()
                return ButtonAnswer(showing: Self.page(form))
            },
            PageRoute("/executors/:id/shared-token") { visit in
                let id: GroupID = try visit.id()
                try await parts.groups.removeToken(id)
                return ButtonAnswer("/executors/\(id)", done: "group-edit")
            },
            PageRoute("/executors/:id/delete") { visit in
                try await parts.groups.remove(visit.id())
                return ButtonAnswer("/executors", done: "group-delete")
            },
        ]
    }

    @Sendable private func create(_ visit: Visit) async throws -> ButtonAnswer {
        var form = GroupForm(visit.say)
        form.fill(visit.form)
        do throws(SchedulerError) {
            let registration = try form.registration
            let (group, token) = try await parts.groups.create(
                form.name,
                title: form.title,
                registration: registration,
                hasToken: visit.form["own-token"] != nil
            )
            guard let token else { return ButtonAnswer("/executors", done: "group-make") }
            form = GroupForm(group, visit.say)
            form.token = token.reveal()
        } catch {
            form.problem = try Self.problem(error)
        }
        return ButtonAnswer(showing: Self.page(form))
    }

    @Sendable private func update(_ visit: Visit) async throws -> ButtonAnswer {
        let group = try await parts.groups.group(visit.id())
        var form = GroupForm(group, visit.say)
        form.fill(visit.form)
        do throws(SchedulerError) {
            _ = try await parts.groups.update(
                group.id,
                version: Int64(visit.form["version"] ?? "") ?? 0,
                title: form.title,
                registration: try form.registration
            )
        } catch {
            form.problem = try Self.problem(error)
            return ButtonAnswer(showing: Self.page(form))
        }
        return ButtonAnswer("/executors", done: "group-edit")
    }

    private static func page(_ form: GroupForm) -> Page {
        Page("executor-group", .executors, title: form.heading, form)
    }

    /// What is wrong with what was typed in; other errors have a page of their own.
    private static func problem(_ error: SchedulerError) throws(SchedulerError) -> String {
        switch error {
        case .invalid, .conflict: error.description
        case .notFound, .executor, .store: throw error
        }
    }
}

/// The groups that have a record, and all executors that are not forgotten.
struct ExecutorList: Sendable {
    /// One record.
    struct Group: Sendable {
        let path: String
        let number: String
        let name: String
        let title: String?
        let registration: String
        let token: String
        let living: Int
        let addresses: [String]
    }

    /// One process.
    struct Row: Sendable {
        let group: String
        let address: String
        let instance: String?
        let chip: Chip
        /// Nil when it was never heard.
        let since: Stamp?
        let seen: Stamp?
        let silence: String?
        let dialect: String
    }

    let groups: [Group]
    let hasGroups: Bool
    let executors: [Row]
    let isEmpty: Bool

    init(_ groups: [ExecutorGroup], _ executors: [ExecutorInstance], _ say: Voice) {
        let living = Dictionary(grouping: executors.filter { $0.isAlive(at: say.now) }, by: \.group)
        self.groups = groups.map { group in
            let addresses = (living[group.name] ?? []).map(\.address.url)
            return Group(
                path: "/executors/\(group.id)",
                number: "\(group.id)",
                name: group.name,
                title: group.title.isEmpty ? nil : group.title,
                registration: say(group.registration.isManual ? "group-manual" : "group-automatic"),
                token: say(group.token == .shared ? "group-token-shared" : "group-token-own"),
                living: addresses.count,
                addresses: addresses
            )
        }
        hasGroups = !groups.isEmpty
        self.executors = executors.map { executor in
            Row(
                group: executor.group,
                address: executor.address.url,
                instance: executor.instance,
                chip: Chip(executor, say),
                since: executor.isHeard ? say.stamp(executor.since) : nil,
                seen: executor.isHeard ? say.stamp(executor.lastSeenAt) : nil,
                silence: executor.isHeard
                    ? say("ago", ["span": say.duration(say.now - executor.lastSeenAt)]) : nil,
                dialect: "/\(executor.dialect.rawValue)"
            )
        }
        isEmpty = executors.isEmpty
    }
}

extension Chip {
    init(_ executor: ExecutorInstance, _ say: Voice) {
        switch executor.place {
        case .manual: self.init(.good, say("executor-manual"))
        case .passedOver: self.init(.idle, say("executor-passed-over"))
        case .registered where executor.isAlive(at: say.now): self.init(.good, say("executor-alive"))
        case .registered where executor.hasLeft: self.init(.idle, say("executor-left"))
        case .registered: self.init(.bad, say("executor-silent"))
        }
    }
}
