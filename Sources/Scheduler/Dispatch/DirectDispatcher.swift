import Groundwork
import Logging
import ServiceLifecycle

/// Hands over what this process was asked for, as far as that needs no leader: see `DirectLane`.
package struct DirectDispatcher: Service {
    private let parts: SchedulerParts
    private let rules: DispatchRules

    /// - Parameters:
    ///   - parts: the stores, clocks and what else the scheduler shares.
    ///   - rules: the leader's.
    package init(_ parts: SchedulerParts, rules: DispatchRules = DispatchRules()) {
        self.parts = parts
        self.rules = rules
    }

    /// Runs until cancelled or told to shut down; then what is under way comes to its executor first.
    package func run() async throws {
        let lane = parts.direct
        let handover = Handover(
            parts,
            rules: rules,
            token: nil,
            ledger: HandoverLedger(parts, token: nil)
        )
        let passengers = lane.open(rules, callLimit: parts.executors.callLimit)
        defer { lane.close() }
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { calls in
                for await passenger in passengers {
                    calls.addTask {
                        await carry(passenger, by: handover)
                        lane.alight()
                    }
                }
            }
        } onGracefulShutdown: {
            lane.close()
        }
    }

    /// Carries one run to its executor; what is not known to have arrived is sent again by the leader in its time.
    private func carry(_ passenger: DirectLane.Passenger, by handover: Handover) async {
        do {
            try await handover.carry(passenger.run, to: passenger.executor, passenger.announced)
        } catch {
            parts.logger.warning(
                "run not dispatched",
                metadata: [LogKey.run: "\(passenger.run.id)", LogKey.error: "\(error)"]
            )
        }
    }
}
