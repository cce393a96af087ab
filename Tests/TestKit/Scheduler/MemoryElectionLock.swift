import Groundwork
package import Scheduler
import Synchronization

/// A lock server in memory that can fail in every way that a real one can.
package final class MemoryElectionLock: Sendable {
    private struct State {
        var holders: [String: (holder: String, end: Duration)] = [:]
        var clusters: [String: String] = [:]
        /// By how much the server's clock is ahead of the tests'.
        var offset = Duration.zero
        var isDown = false
        var cut: Set<String> = []
        var bells: [String: Bell] = [:]

        func holder(of name: String, at now: Duration) -> String? {
            holders[name].flatMap { $0.end > now ? $0.holder : nil }
        }
    }

    private let clock: ManualClock
    private let state = Mutex(State())

    /// Makes a server that measures with `clock`.
    package init(_ clock: ManualClock) {
        self.clock = clock
    }

    /// The lock as one process reaches it.
    package func seen(by process: String) -> any ElectionLock {
        state.withLock { $0.bells[process] = Bell() }
        return Door(server: self, process: process)
    }

    /// Who holds it now.
    package func holder(of name: String) -> String? {
        let now = clock.now.sinceStart
        return state.withLock { $0.holder(of: name, at: now + $0.offset) }
    }

    /// Forgets everything, as a flush, an empty restart and a fail-over to an empty replica do.
    package func forget() {
        state.withLock { ($0.holders, $0.clusters) = ([:], [:]) }
    }

    /// Moves the server's own clock.
    package func jump(by duration: Duration) {
        state.withLock { $0.offset += duration }
    }

    package func stop() { state.withLock { $0.isDown = true } }

    package func start() { state.withLock { $0.isDown = false } }

    /// Lets a process reach it no more.
    package func cut(_ process: String) { state.withLock { _ = $0.cut.insert(process) } }

    /// Lets a process reach it again.
    package func mend(_ process: String) { state.withLock { _ = $0.cut.remove(process) } }

    private func ask<Answer>(
        _ process: String,
        _ body: (inout State, _ now: Duration) -> Answer
    ) throws(StoreError) -> Answer {
        let now = clock.now.sinceStart
        let answer = state.withLock { state -> Answer? in
            guard !state.isDown, !state.cut.contains(process) else { return nil }
            return body(&state, now + state.offset)
        }
        guard let answer else { throw StoreError(.unavailable, during: "ask the lock") }
        return answer
    }

    private struct Door: ElectionLock {
        let server: MemoryElectionLock
        let process: String

        func take(
            _ name: String,
            holder: String,
            for duration: Duration
        ) async throws(StoreError) -> String {
            try server.ask(process) { state, now in
                if let other = state.holder(of: name, at: now), other != holder { return other }
                state.holders[name] = (holder, now + duration)
                return holder
            }
        }

        func extend(
            _ name: String,
            holder: String,
            for duration: Duration
        ) async throws(StoreError) -> Bool {
            try await replace(name, holder, by: holder, for: duration)
        }

        func replace(
            _ name: String,
            _ former: String,
            by holder: String,
            for duration: Duration
        ) async throws(StoreError) -> Bool {
            try server.ask(process) { state, now in
                guard state.holder(of: name, at: now) == former else { return false }
                state.holders[name] = (holder, now + duration)
                return true
            }
        }

        func release(_ name: String, holder: String) async throws(StoreError) {
            let bells = try server.ask(process) { state, now -> [Bell] in
                guard state.holder(of: name, at: now) == holder else { return [] }
                state.holders[name] = nil
                return Array(state.bells.values)
            }
            for bell in bells { bell.ring() }
        }

        func waitForRelease(_ name: String, atMost limit: Duration) async throws(StoreError) {
            let bell = try server.ask(process) { state, _ in state.bells[process] }
            await bell?.wait(atMost: limit, on: server.clock)
        }

        func cluster(of name: String, orElse cluster: String) async throws(StoreError) -> String {
            try server.ask(process) { state, _ in
                if let known = state.clusters[name] { return known }
                state.clusters[name] = cluster
                return cluster
            }
        }
    }
}
