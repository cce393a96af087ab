import SQLiteDriver
import Synchronization
import TestKit
import Testing

@testable import PushEngine

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

extension BenchEngine {
    /// Reads a campaign's crowd, by as many workers, and sends until all is done or the power goes off.
    func live(_ power: PowerSwitch, _ campaign: BenchCampaign, workers: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await power.goOff() }
            group.addTask {
                try await working {
                    try await withThrowingTaskGroup(of: Void.self) { readers in
                        for worker in 0..<workers {
                            readers.addTask { try await read(campaign, worker: worker, of: workers) }
                        }
                        try await eventually("all is read and sent") { try await isSent(campaign) }
                        try await readers.waitForAll()
                    }
                }
            }
            do { try await group.next() } catch { if !power.isOff { throw error } }
            group.cancelAll()
            // What the dead had in hand ends in errors that nobody hears.
            while await group.nextResult() != nil {}
        }
        try await bench.door.shut()
    }

    /// Lets time pass, and tells whether all of a campaign is read and sent.
    private func isSent(_ campaign: BenchCampaign) async throws -> Bool {
        try await bench.town.wake()
        try await passTime()
        let runs = try await store.campaignRuns(of: campaign.id, before: nil, limit: 1)
        guard let run = runs.first, run.state == .finished else { return false }
        let depths = try await queue.depths().values
        let waiting = try await store.recount(of: run.id)[.queued]
        return waiting == nil && depths.allSatisfy { $0.total == 0 }
    }
}
