import Groundwork
import Synchronization

/// Calls schedulers, at several addresses of one installation.
///
/// Outcomes go to the first that takes them, in order. An instance is announced to all: where they share no registry,
/// each routes only to whom it knows.
final class SchedulerClient: Sendable {
    private let bases: [String]
    private let headers: [(name: String, value: String)]
    private let http: any HTTPClient
    private let timeouts: HTTPTimeouts
    /// Which callback body an address took last: the generations differ, and a cluster may be mid-upgrade.
    private let shapes = Mutex<[String: CallbackBatch.Shape]>([:])
    /// Which address answered a call for runs last.
    private let source = Mutex(0)

    /// Makes a client for the schedulers at `addresses`.
    init(
        addresses: [String],
        appName: String,
        token: Secret,
        http: any HTTPClient,
        timeouts: HTTPTimeouts = HTTPTimeouts()
    ) {
        self.bases = addresses.map(SchedulerClient.base)
        self.http = http
        self.timeouts = timeouts
        var headers = [(name: "Content-Type", value: "application/json;charset=UTF-8")]
        if !token.isEmpty { headers.append((WireHeader.accessToken, token.reveal())) }
        headers.append((WireHeader.appName, appName))
        self.headers = headers
    }

    /// The base of the calls; an address may end in `/api`, in slashes, in both or in neither.
    static func base(_ address: String) -> String {
        var base = address
        while base.hasSuffix("/") { base.removeLast() }
        return base.hasSuffix("/api") ? base : base + "/api"
    }

    /// Announces an instance, or that it still lives, to all at the same time.
    ///
    /// - Parameter request: the instance.
    /// - Returns: why those who did not take it did not, in the order of the addresses.
    /// - Throws: `ExecutorError` when no scheduler took it.
    func register(_ request: RegistryRequest) async throws(ExecutorError) -> [ExecutorError] {
        try await tellAll("register", "/registry", request)
    }

    /// Signs an instance off, everywhere.
    ///
    /// - Parameter request: the instance.
    /// - Returns: why those who did not take it did not, in the order of the addresses.
    /// - Throws: `ExecutorError` when no scheduler took it.
    func signOff(_ request: RegistryRequest) async throws(ExecutorError) -> [ExecutorError] {
        try await tellAll("sign off", "/registryRemove", request)
    }

    /// Hands over outcomes; a scheduler that refuses one shape of the body is asked with the other.
    ///
    /// - Throws: `ExecutorError`: `.refused` when a scheduler answered and none took them, `.unreachable`
    ///   when none answered.
    func callBack(_ items: [CallbackItem]) async throws(ExecutorError) {
        try await firstThatTakes("call back") { base in
            let known = self.shapes.withLock { $0[base] }
            let first = known ?? .array
            let answer = await self.call(base + "/callback", CallbackBatch(items, shape: first))
            guard case .refused = answer else { return answer }
            let second: CallbackBatch.Shape = first == .array ? .object : .array
            let other = await self.call(base + "/callback", CallbackBatch(items, shape: second))
            guard case .taken = other else { return answer }
            self.shapes.withLock { $0[base] = second }
            return .taken
        }
    }

    /// Fetches what there is for this executor, at the address that answered last or else at the next one that does.
    ///
    /// - Parameter request: says how long the answer may take; it gets a little longer.
    /// - Returns: what there is.
    /// - Throws: `ExecutorError`: `.refused` when a scheduler answered and none gave anything, `.unreachable` when none
    ///   answered.
    func pull(_ request: PullRequest) async throws(ExecutorError) -> PullAnswer {
        var answer = PullAnswer()
        let first = source.withLock { $0 }
        let order = bases.indices.map { (first + $0) % bases.count }
        try await firstThatTakes("fetch runs", among: order.map { bases[$0] }) { base in
            let wait = HTTPTimeouts(
                connect: self.timeouts.connect,
                total: .milliseconds(request.waitMilliseconds) + Self.answerMargin
            )
            switch await self.exchange(base + "/pull", request, wait) {
            case .failure(let error): return .unreachable("\(error)")
            case .success(let envelope) where envelope.isSuccess:
                do {
                    answer = try PullAnswer(wire: envelope.payload)
                } catch {
                    return .refused("unreadable answer: \(error)")
                }
                self.source.withLock { $0 = self.bases.firstIndex(of: base) ?? 0 }
                return .taken
            case .success(let envelope): return .refused(envelope.message ?? "code \(envelope.code)")
            }
        }
        return answer
    }

    /// How long after its wait an answer to a call for runs may come.
    private static let answerMargin = Duration.seconds(5)

    private enum Reply {
        case taken
        case refused(String)
        case unreachable(String)
    }

    private func tellAll(
        _ operation: String,
        _ path: String,
        _ request: RegistryRequest
    ) async throws(ExecutorError) -> [ExecutorError] {
        let failures = await withTaskGroup(of: (Int, ExecutorError?).self) { group in
            for (index, base) in bases.enumerated() {
                group.addTask {
                    let error: ExecutorError? =
                        switch await self.call(base + path, request) {
                        case .taken: nil
                        case .refused(let why):
                            ExecutorError(.refused, during: operation, detail: "\(base): \(why)")
                        case .unreachable(let why):
                            ExecutorError(.unreachable, during: operation, detail: "\(base): \(why)")
                        }
                    return (index, error)
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let found = failures.sorted { $0.key < $1.key }.map(\.value)
        // A refusal tells more than a silence.
        if found.count == bases.count {
            throw found.first { $0.code == .refused } ?? found.first
                ?? ExecutorError(.unreachable, during: operation, detail: "no scheduler is configured")
        }
        return found
    }

    private func firstThatTakes(
        _ operation: String,
        among bases: [String]? = nil,
        _ ask: (String) async -> Reply
    ) async throws(ExecutorError) {
        var worst = ExecutorError(.unreachable, during: operation, detail: "no scheduler is configured")
        var wasRefused = false
        for base in bases ?? self.bases {
            switch await ask(base) {
            case .taken: return
            case .refused(let reason):
                wasRefused = true
                worst = ExecutorError(.refused, during: operation, detail: "\(base): \(reason)")
            case .unreachable(let reason) where !wasRefused:
                worst = ExecutorError(.unreachable, during: operation, detail: "\(base): \(reason)")
            case .unreachable: break
            }
        }
        throw worst
    }

    private func call(_ url: String, _ message: some WireMessage) async -> Reply {
        switch await exchange(url, message, timeouts) {
        case .success(let envelope) where envelope.isSuccess: .taken
        case .success(let envelope): .refused(envelope.message ?? "code \(envelope.code)")
        case .failure(let error): .unreachable("\(error)")
        }
    }

    private func exchange(
        _ url: String,
        _ message: some WireMessage,
        _ timeouts: HTTPTimeouts
    ) async -> Result<Envelope, HTTPError> {
        let request = HTTPRequest(url: url, headers: headers, body: message.json, timeouts: timeouts)
        do {
            let response = try await http.send(request)
            return .success(Envelope(status: response.status, body: response.body))
        } catch {
            return .failure(error)
        }
    }
}
