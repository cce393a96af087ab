import Foundation
import Groundwork

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Runs programs for jobs: so many at once, as one account, within limits, each with all that it starts.
public final class ProgramRunner: Sendable {
    let settings: ProgramSettings
    let account: ProgramAccount
    private let clock: any Clock<Duration>
    private let seats: Seats

    /// Makes a runner.
    ///
    /// - Parameters:
    ///   - settings: as whom, and within which limits, programs run.
    ///   - clock: waits for programs that were asked to end.
    /// - Throws: `ExecutorError` with code `settings` that names the setting which cannot be used here.
    public init(
        _ settings: ProgramSettings,
        clock: any Clock<Duration> = ContinuousClock()
    ) throws(ExecutorError) {
        try settings.validate()
        self.settings = settings
        self.clock = clock
        account = try ProgramAccount(named: settings.user)
        seats = Seats(settings.width)
    }

    /// The path of the program called `name`; nil when none of the settings' folders has it.
    func find(_ name: String) -> String? {
        settings.path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// Runs a program to its end; what it writes goes to the run's log.
    ///
    /// When the task is cancelled the program is asked to end, and all of it is killed after the settings' grace.
    ///
    /// - Parameters:
    ///   - program: its absolute path.
    ///   - arguments: what it is told.
    ///   - kind: what messages call it, such as `script`.
    ///   - context: the run it is for, which its environment tells.
    /// - Throws: `ProgramError` when it cannot be started or ends with anything but exit code 0; `CancellationError`
    ///   when that happens after it was asked to end.
    func run(_ program: String, _ arguments: [String], kind: String, _ context: JobContext) async throws {
        try await seats.take()
        defer { seats.leave() }
        try Task.checkCancellation()
        let order = ProgramOrder(
            program: program,
            arguments: arguments,
            environment: environment(context)
        )
        guard (order.arguments + order.environment.values).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw ProgramError("a parameter with a zero byte in it cannot be handed to a program")
        }
        let (stops, stop) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let running = RunningProgram(order, as: account, settings)
        // A task of its own, awaited right here: ours may be cancelled, and the program has to be ended all the same.
        let supervision = Task { try await supervise(running, stops, context) }
        let end = try await withTaskCancellationHandler {
            try await supervision.value
        } onCancel: {
            stop.yield()
        }
        guard end != .exited(0) else { return }
        try Task.checkCancellation()
        throw ProgramError(end.failure(of: kind))
    }

    private func supervise(
        _ program: RunningProgram,
        _ stops: AsyncStream<Void>,
        _ context: JobContext
    ) async throws -> ProgramEnd {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.stop(program, on: stops) }
            defer { group.cancelAll() }
            return try await program.perform { context.output($0) }
        }
    }

    private func stop(_ program: RunningProgram, on stops: AsyncStream<Void>) async {
        for await _ in stops {
            program.signal(SIGTERM)
            // Cancelled when the program has ended: then there is nobody to kill.
            guard (try? await clock.sleep(for: settings.grace, tolerance: nil)) != nil else { return }
            program.signal(SIGKILL)
        }
    }

    /// All that a program gets to know: nothing of the executor's own environment.
    private func environment(_ context: JobContext) -> [String: String] {
        var environment = [
            "PATH": settings.path, "LANG": "C.UTF-8", "HOME": account.home,
            "KPUSH_JOB_ID": "\(context.job)", "KPUSH_RUN_ID": "\(context.run)", "KPUSH_PARAM": context.params,
            "KPUSH_SHARD_INDEX": "\(context.shardIndex)", "KPUSH_SHARD_TOTAL": "\(context.shardTotal)",
            "KPUSH_PLANNED_AT": "\(context.plannedAt.millisecondsSinceEpoch)",
        ]
        environment[Self.executor] = context.executor
        return environment
    }

    /// The variable by which a restarted executor finds the programs of the process before it.
    private static let executor = "KPUSH_EXECUTOR"

    /// Kills what programs of the executor with this name have left behind, which is not running any more.
    static func endPrograms(of executor: String) -> Int {
        ProgramMembers.end(leftBy: "\(Self.executor)=\(executor)")
    }
}

extension ProgramEnd {
    /// What a run says that failed because its program ended like this.
    func failure(of kind: String) -> String {
        switch self {
        case .exited(let code): return "\(kind) exit value(\(code)) is failed"
        case .killed(let signal):
            let name = String(cString: strsignal(Int32(signal)))
            return "\(kind) was killed by signal \(signal) (\(name))"
        }
    }
}
