import Synchronization
import TestKit

/// Goes off at one of an engine's operations, as the process would die there: what was done before lasts, and
/// nothing is done after.
final class PowerSwitch: BenchWire {
    private struct State {
        var left: Int
        var fatal: BenchOperation?
        var isOff = false
    }

    private let state: Mutex<State>
    private let end = Gate()

    /// Makes a switch that goes off before or after the operation at which `steps` have been counted.
    init(after steps: Int) {
        state = Mutex(State(left: steps))
    }

    /// Makes a switch that goes off as soon as `operation` begins.
    init(at operation: BenchOperation) {
        state = Mutex(State(left: .max, fatal: operation))
    }

    var isOff: Bool { state.withLock { $0.isOff } }

    /// Returns when it is off, or the task is cancelled.
    func goOff() async {
        try? await end.pass()
    }

    func before(_ operation: BenchOperation) async throws(WireCut) { try await step(operation) }

    func after(_ operation: BenchOperation) async throws(WireCut) { try await step(nil) }

    private func step(_ beginning: BenchOperation?) async throws(WireCut) {
        let isOff = state.withLock { state in
            state.left -= 1
            if state.left <= 0 || (beginning != nil && beginning == state.fatal) { state.isOff = true }
            return state.isOff
        }
        guard isOff else { return }
        end.open()
        // Who has died asks for nothing more: it waits here until it is buried.
        try? await Gate().pass()
        throw WireCut()
    }
}
