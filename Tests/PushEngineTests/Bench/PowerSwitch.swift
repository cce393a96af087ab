import Synchronization
import TestKit

/// Goes off at one of an engine's operations, as the process would die there: what was done before lasts, and
/// nothing is done after.
final class PowerSwitch: BenchWire {
    private struct State {
        var left: Int
        var isOff = false
    }

    private let state: Mutex<State>
    private let end = Gate()

    /// Makes a switch that goes off before or after the operation at which `steps` have been counted.
    init(after steps: Int) {
        state = Mutex(State(left: steps))
    }

    var isOff: Bool { state.withLock { $0.isOff } }

    /// Returns when it is off, or the task is cancelled.
    func goOff() async {
        try? await end.pass()
    }

    func before(_ operation: BenchOperation) async throws(WireCut) { try await step() }

    func after(_ operation: BenchOperation) async throws(WireCut) { try await step() }

    private func step() async throws(WireCut) {
        let isOff = state.withLock { state in
            state.left -= 1
            if state.left <= 0 { state.isOff = true }
            return state.isOff
        }
        guard isOff else { return }
        end.open()
        // Who has died asks for nothing more: it waits here until it is buried.
        try? await Gate().pass()
        throw WireCut()
    }
}
