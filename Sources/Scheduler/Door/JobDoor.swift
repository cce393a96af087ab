import Groundwork
import Logging

/// What programs of xxl-job 3.5 call to make, change, switch, trigger and remove jobs.
///
/// The token of a group is good for the jobs of that group alone, the shared one for all. A job of a group that the token is not
/// good for is as unknown as one that does not exist.
struct JobDoor: Sendable {
    /// Whom a token makes the caller.
    enum Caller: Hashable {
        /// Whoever shows the shared token.
        case everybody
        /// The executors of a group, by its own token.
        case group(String)

        var name: String { if case .group(let name) = self { name } else { "" } }

        func mayTouch(_ group: String) -> Bool { self == .everybody || self == .group(group) }
    }

    private let jobs: JobService
    private let groups: any GroupStore
    private let zone: String
    private let pace = CallPace(perSecond: 100, patience: .seconds(1))
    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch

    static let names: Set<String> = ["addJob", "updateJob", "removeJob", "startJob", "stopJob", "triggerJob"]

    init(_ parts: SchedulerParts) {
        jobs = JobService(parts)
        groups = parts.groups
        zone = parts.calendar.zone
        clock = parts.clock
        stopwatch = Stopwatch(parts.clock)
    }

    /// Answers a call to one of the doors in ``names``.
    ///
    /// - Parameters:
    ///   - name: the last part of the path.
    ///   - body: what was sent.
    ///   - caller: whom the token makes the caller.
    /// - Returns: the answer; of code 502 when the caller calls too often.
    func answer(_ name: String, _ body: [UInt8], from caller: Caller) async -> Envelope {
        guard let wait = pace.takeTurn(of: caller.name, at: stopwatch.elapsed) else { return Self.tooMany }
        do {
            if wait > .zero { try await clock.sleep(for: wait) }
            return try await carryOut(name, body, caller)
        } catch let error as WireError {
            return .failure("Illegal Argument. \(error)")
        } catch SchedulerError.invalid(let faults) {
            return .failure("Illegal Argument. \(faults.map(\.onWire).joined(separator: "; "))")
        } catch let error as SchedulerError {
            return .failure("\(error)")
        } catch {
            return .failure("not done: \(error)")
        }
    }

    private static let tooMany = Envelope(
        code: WireCode.unavailable,
        message: "Too many requests, at most 100 a second: call again later."
    )

    private func carryOut(_ name: String, _ body: [UInt8], _ caller: Caller) async throws -> Envelope {
        switch name {
        case "addJob": return try await add(try JobAddition(json: body), caller)
        case "updateJob": return try await update(try JobUpdate(json: body), caller)
        default: break
        }
        let command = try JobCommand(json: body)
        let job = try await job(command.id, caller)
        switch name {
        case "removeJob": try await jobs.remove(job.id)
        case "startJob": _ = try await jobs.setEnabled(job.id, true)
        case "stopJob": _ = try await jobs.setEnabled(job.id, false)
        default:
            let runs = try await jobs.trigger(job.id, params: command.params, at: command.address, by: .api)
            return .success(.text(runs.map { "\($0.id)" }.joined(separator: ",")))
        }
        return .success()
    }

    /// The job, where the caller may touch it.
    private func job(_ number: Int64, _ caller: Caller) async throws(SchedulerError) -> Job {
        let job = try await jobs.job(JobID(rawValue: number))
        guard caller.mayTouch(job.spec.group) else { throw .notFound("job \(number)") }
        return job
    }

    private func add(_ addition: JobAddition, _ caller: Caller) async throws -> Envelope {
        let group = try await groups.groups().first { $0.id.rawValue == addition.group }
        guard let group, caller.mayTouch(group.name) else {
            let reason = "names no executor group that this token is good for"
            throw SchedulerError.invalid([FieldFault("jobGroup", reason)])
        }
        let spec = try JobSpec(addition.job, group: group.name, zone: zone)
        let job = try await jobs.create(spec, isEnabled: false)
        return Envelope(
            code: WireCode.success,
            message: addition.job.remark,
            payload: .text("\(job.id)")
        )
    }

    private func update(_ update: JobUpdate, _ caller: Caller) async throws -> Envelope {
        _ = try await jobs.lookingAgain { () async throws(SchedulerError) in
            let job = try await job(update.id, caller)
            var spec = job.spec
            try spec.take(update.job, zone: zone)
            return try await jobs.update(job.id, version: job.version, to: spec)
        }
        return Envelope(code: WireCode.success, message: update.job.remark)
    }
}

extension JobDescription {
    /// What became of a part of it that has no place here; nil where all has.
    fileprivate var remark: String? {
        alarmMail.isEmpty
            ? nil : "Success, but nobody is mailed: alarms go over templates, alarmEmail is kept as a remark"
    }
}
