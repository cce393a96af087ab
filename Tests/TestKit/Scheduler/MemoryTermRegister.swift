package import Groundwork
package import Scheduler
import Synchronization

/// A register in memory that can be out of reach, and lose its answers.
package final class MemoryTermRegister: Sendable {
    private struct State {
        var terms: [String: RegisteredTerm] = [:]
        var isDown = false
        var losesAnswers = false
        var cut: Set<String> = []
    }

    private let cluster: String
    private let state = Mutex(State())

    package init(cluster: String = "c") {
        self.cluster = cluster
    }

    /// The register as one process reaches it.
    package func seen(by process: String) -> any TermRegister {
        Door(register: self, process: process)
    }

    /// Whether a store would take a write under `token`.
    package func accepts(_ token: FencingToken, of name: String) -> Bool {
        state.withLock { $0.terms[name]?.token == token }
    }

    package func stop() { state.withLock { $0.isDown = true } }

    package func start() { state.withLock { $0.isDown = false } }

    /// Does what it is asked to and says nothing, or answers again.
    package func loseAnswers(_ losesAnswers: Bool) { state.withLock { $0.losesAnswers = losesAnswers } }

    /// Lets a process reach it no more.
    package func cut(_ process: String) { state.withLock { _ = $0.cut.insert(process) } }

    /// Lets a process reach it again.
    package func mend(_ process: String) { state.withLock { _ = $0.cut.remove(process) } }

    private func ask<Answer>(
        _ process: String,
        _ name: String,
        _ body: (inout RegisteredTerm) -> Answer
    ) throws(StoreError) -> Answer {
        let answer = state.withLock { state -> Answer? in
            guard !state.isDown, !state.cut.contains(process) else { return nil }
            let none = RegisteredTerm(
                token: FencingToken(rawValue: 0),
                holder: nil,
                beats: 0,
                cluster: cluster
            )
            let answer = body(&state.terms[name, default: none])
            return state.losesAnswers ? nil : answer
        }
        guard let answer else { throw StoreError(.unavailable, during: "ask the register") }
        return answer
    }

    private struct Door: TermRegister {
        let register: MemoryTermRegister
        let process: String

        func read(_ name: String) async throws(StoreError) -> RegisteredTerm {
            try register.ask(process, name) { $0 }
        }

        func begin(
            _ name: String,
            holder: String,
            after seen: RegisteredTerm?
        ) async throws(StoreError) -> FencingToken? {
            try register.ask(process, name) { term in
                if let seen, (seen.token, seen.beats) != (term.token, term.beats) { return nil }
                term = term.with(token: term.token.rawValue + 1, holder: holder)
                return term.token
            }
        }

        func beat(_ name: String, _ token: FencingToken) async throws(StoreError) {
            let isCurrent = try register.ask(process, name) { term in
                guard term.token == token, term.holder != nil else { return false }
                term = term.with(token: token.rawValue, holder: term.holder)
                return true
            }
            guard isCurrent else { throw StoreError(.staleToken, during: "beat") }
        }

        func end(_ name: String, _ token: FencingToken) async throws(StoreError) {
            try register.ask(process, name) { term in
                guard term.token == token else { return }
                term = term.with(token: token.rawValue, holder: nil)
            }
        }
    }
}

extension RegisteredTerm {
    fileprivate func with(token: Int64, holder: String?) -> RegisteredTerm {
        RegisteredTerm(
            token: FencingToken(rawValue: token),
            holder: holder,
            beats: beats + 1,
            cluster: cluster
        )
    }
}
