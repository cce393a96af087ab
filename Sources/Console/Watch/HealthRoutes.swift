import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine
import Scheduler

/// Whether the process lives, and whether it can do its work.
struct HealthRoutes {
    let parts: ConsoleParts

    /// How long the stores may take to answer.
    private static let patience = Duration.seconds(2)

    func add(to router: some RouterMethods<ConsoleContext>) {
        router.route(.get, "healthz") { _ in "ok\n" }
        router.route(.get, "readyz") { _ in await readiness() }
    }

    /// Whether every store answers in time, and which do not.
    func readiness() async -> Answer {
        let silent = await silentStores()
        return Answer(
            ["ready": .bool(silent.isEmpty), "silent": .texts(silent)],
            status: silent.isEmpty ? .ok : .serviceUnavailable
        )
    }

    /// The stores that do not answer in time, by name.
    private func silentStores() async -> [String] {
        let questions: [(String, @Sendable () async throws -> Void)] = [
            ("push", { _ = try await parts.templates.templates(after: nil, limit: 1) }),
            ("queue", { _ = try await parts.queue.depths() }),
            ("scheduler", { _ = try await parts.jobs.list(limit: 1) }),
        ]
        return await withTaskGroup(of: String?.self) { group in
            for (name, question) in questions {
                group.addTask { await answers(question) ? nil : name }
            }
            var silent: [String] = []
            for await name in group { if let name { silent.append(name) } }
            return silent.sorted()
        }
    }

    private func answers(_ question: @escaping @Sendable () async throws -> Void) async -> Bool {
        await withTaskGroup(of: Bool.self) { race in
            race.addTask {
                do { try await question() } catch { return false }
                return true
            }
            race.addTask { [timer = parts.timer] in
                // Cancelled once the answer is there.
                try? await timer.sleep(for: Self.patience)
                return false
            }
            defer { race.cancelAll() }
            return await race.next() ?? false
        }
    }
}
