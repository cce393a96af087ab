import Groundwork
import Synchronization

/// Calls schedulers: several addresses of one cluster, tried in order until one says yes.
final class SchedulerClient: Sendable {
    private let bases: [String]
    private let headers: [(name: String, value: String)]
    private let http: any HTTPClient
    private let timeouts: HTTPTimeouts
    /// Which callback body an address took last: the generations differ, and a cluster may be mid-upgrade.
    private let shapes = Mutex<[String: CallbackBatch.Shape]>([:])

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

    /// Announces an instance, or that it still lives.
    ///
    /// - Throws: `ExecutorError` when no scheduler took it.
    func register(_ request: RegistryRequest) async throws(ExecutorError) {
        try await firstThatTakes("register") { base in
            await self.call(base + "/registry", request)
        }
    }

    /// Signs an instance off.
    ///
    /// - Throws: `ExecutorError` when no scheduler took it.
    func signOff(_ request: RegistryRequest) async throws(ExecutorError) {
        try await firstThatTakes("sign off") { base in
            await self.call(base + "/registryRemove", request)
        }
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

    private enum Reply {
        case taken
        case refused(String)
        case unreachable(String)
    }

    private func firstThatTakes(
        _ operation: String,
        _ ask: (String) async -> Reply
    ) async throws(ExecutorError) {
        var worst = ExecutorError(.unreachable, during: operation, detail: "no scheduler is configured")
        var wasRefused = false
        for base in bases {
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
        let request = HTTPRequest(url: url, headers: headers, body: message.json, timeouts: timeouts)
        do {
            let response = try await http.send(request)
            let envelope = Envelope(status: response.status, body: response.body)
            if envelope.isSuccess { return .taken }
            return .refused(envelope.message ?? "code \(envelope.code)")
        } catch {
            return .unreachable("\(error)")
        }
    }
}
