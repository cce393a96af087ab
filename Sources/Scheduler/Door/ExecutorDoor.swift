package import Groundwork
import Logging

/// What executors of every generation call: to register, to leave, to fetch runs, and to tell how runs ended.
///
/// A yes means that what was said is stored. A no is rare by intent: some executors turn a success into a
/// failure when their callback is refused.
///
/// A group with a token of its own is told of by that one alone; all others share one.
package struct ExecutorDoor: Sendable {
    private let registry: any RegistryStore
    private let completion: Completion
    private let pulls: PullDoor
    private let jobs: JobDoor
    private let accessToken: Secret
    private let groups: any GroupStore
    private let book: GroupBook
    private let stopwatch: Stopwatch
    private let bells: SchedulerBells
    private let wall: any WallClock
    private let logger: Logger

    /// What lies between two transactions that store results, in a process that serves many executors.
    ///
    /// What they tell meanwhile is stored at once. An executor gathers what ends while its call waits, so that it also calls less
    /// often; a run that stands in line behind another begins later by no more than this.
    package static let resultPause = Duration.milliseconds(20)

    /// - Parameters:
    ///   - parts: the stores, clocks and what else the scheduler shares.
    ///   - accessToken: what executors show whose group has no token of its own.
    ///   - resultPause: what lies between two transactions that store results, at least.
    package init(_ parts: SchedulerParts, accessToken: Secret, resultPause: Duration = .zero) {
        registry = parts.registry
        completion = Completion(parts, pause: resultPause)
        pulls = PullDoor(parts)
        jobs = JobDoor(parts)
        self.accessToken = accessToken
        groups = parts.groups
        book = parts.groupBook
        stopwatch = Stopwatch(parts.clock)
        bells = parts.bells
        wall = parts.wall
        logger = parts.logger
    }

    /// Who calls, as its headers say.
    package struct Caller: Hashable, Sendable {
        package var accessToken: String?
        /// Only the newest generation sends it.
        package var appName: String?

        package init(accessToken: String?, appName: String? = nil) {
            self.accessToken = accessToken
            self.appName = appName
        }
    }

    /// Answers a call to the door called `name`, the last part of the path.
    package func answer(_ name: String, _ body: [UInt8], from caller: Caller) async -> Envelope {
        await answer(name, from: caller) { body }
    }

    /// Answers a call to the door called `name`, the last part of the path; its body is read only where the caller may be one of
    /// ours.
    package func answer(
        _ name: String,
        from caller: Caller,
        reading read: () async throws -> [UInt8]
    ) async -> Envelope {
        let shown = caller.accessToken ?? ""
        let keys: DoorKeys
        do throws(StoreError) { keys = try await self.keys() } catch { return notStored(name, error) }
        // Who shows no token of ours gets no work done, and no memory.
        guard keys.openAny(to: shown) else { return Self.wrongToken }
        let body: [UInt8]
        do { body = try await read() } catch {
            return .failure("invalid request, the body cannot be read or is too large.")
        }
        do {
            switch name {
            case "registry":
                let request = try RegistryRequest(json: body)
                guard keys.open(request.appName, to: shown) else { return Self.wrongToken }
                return await register(request, from: caller)
            case "registryRemove":
                let request = try RegistryRequest(json: body)
                guard keys.open(request.appName, to: shown) else { return Self.wrongToken }
                return await signOff(request)
            case "pull":
                let request = try PullRequest(json: body)
                guard keys.open(request.appName, to: shown) else { return Self.wrongToken }
                return await pull(request)
            case "callback":
                return await callBack(try CallbackBatch(json: body)) { run in
                    keys.open(run.plan.terms.group, to: shown)
                }
            case _ where JobDoor.names.contains(name):
                guard let owner = keys.caller(showing: shown, as: caller.appName) else {
                    return Self.wrongToken
                }
                return await jobs.answer(name, body, from: owner)
            default: return .failure("invalid request, uri-mapping(\(name.prefix(64))) not found.")
            }
        } catch {
            return .failure("Illegal Argument. \(error)")
        }
    }

    /// Notes that an executor lives.
    package func register(_ request: RegistryRequest, from caller: Caller) async -> Envelope {
        guard let address = ExecutorAddress(request.address) else {
            return .failure("Illegal Argument. registryValue must be an http or https URL")
        }
        let isNewest = !(caller.appName ?? "").isEmpty
        let beat = ExecutorBeat(
            group: request.appName,
            address: address,
            spelling: request.address.trimmingBlanks,
            instance: request.instance,
            dialect: isNewest ? .trigger : .run
        )
        return await storing("registry") { () async throws(StoreError) in
            let now = wall.now
            let executor = try await registry.beat(beat, at: now)
            guard executor.since == now else { return }
            logger.info(
                "executor registered",
                metadata: [LogKey.group: "\(beat.group)", LogKey.address: "\(address)"]
            )
            bells.runsMayGo()
            bells.sweep.ring()
        }
    }

    /// Notes that an executor leaves; no run is handed to it that is taken up after the answer.
    package func signOff(_ request: RegistryRequest) async -> Envelope {
        guard let address = ExecutorAddress(request.address) else {
            return .failure("Illegal Argument. registryValue must be an http or https URL")
        }
        return await storing("registryRemove") { () async throws(StoreError) in
            try await registry.signOff(group: request.appName, address: address, at: wall.now)
            logger.info(
                "executor signed off",
                metadata: [LogKey.group: "\(request.appName)", LogKey.address: "\(address)"]
            )
        }
    }

    private static let wrongToken = Envelope.failure("The access token is wrong.")

    private func keys() async throws(StoreError) -> DoorKeys {
        DoorKeys(shared: accessToken, tokens: try await book.tokens(from: groups, at: stopwatch.elapsed))
    }

    /// Takes what an executor that fetches its runs says of them, and answers when there is something for it, or its patience
    /// is over.
    package func pull(_ request: PullRequest) async -> Envelope {
        guard let address = ExecutorAddress(pulled: request.address) else {
            let form = "\(ExecutorAddress.pulledScheme)NAME"
            return .failure(
                "Illegal Argument. address must be \(form), NAME of 1 to 64 letters, digits and -"
            )
        }
        do {
            var envelope = Envelope.success(try await pulls.answer(request, at: address).wire)
            envelope.isPlain = true
            return envelope
        } catch {
            return notStored("pull", error)
        }
    }

    /// Notes how runs ended; elements that cannot be read, or tell of unknown runs, fail nobody.
    ///
    /// - Parameters:
    ///   - batch: what is told.
    ///   - mayEnd: whether who called may tell of a run; when it may not, the others are kept and the answer is a no.
    /// - Returns: what to answer.
    package func callBack(
        _ batch: CallbackBatch,
        where mayEnd: @escaping @Sendable (JobRun) -> Bool = { _ in true }
    ) async -> Envelope {
        for error in batch.rejected {
            logger.warning("callback not readable", metadata: [LogKey.error: "\(error)"])
        }
        let outcome: Completion.Outcome
        do {
            outcome = try await completion.complete(batch.items, where: mayEnd)
        } catch {
            return notStored("callback", error)
        }
        guard let run = outcome.refused.first else { return .success() }
        logger.warning(
            "callback with another group's token",
            metadata: [LogKey.run: "\(run.id)", LogKey.group: "\(run.plan.terms.group)"]
        )
        return Self.wrongToken
    }

    private func storing(
        _ door: String,
        _ access: () async throws(StoreError) -> Void
    ) async -> Envelope {
        do {
            try await access()
            return .success()
        } catch {
            return notStored(door, error)
        }
    }

    private func notStored(_ door: String, _ error: any Error) -> Envelope {
        logger.error(
            "executor's call not stored",
            metadata: [LogKey.reason: "\(door.prefix(64))", LogKey.error: "\(error)"]
        )
        return .failure("not stored, call again: \((error as? StoreError)?.code.rawValue ?? "interrupted")")
    }
}
