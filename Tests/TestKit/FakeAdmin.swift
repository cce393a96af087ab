package import Groundwork
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A scheduler as an executor sees it, of any generation, on a loopback port.
package final class FakeAdmin: Sendable {
    /// The generations whose behaviour differs for an executor.
    package enum Generation: Sendable, CaseIterable {
        /// Payload under `content`, callbacks in an array, outcomes under `executeResult`.
        case first
        /// Payload under `content`, callbacks in an array.
        case second
        /// Payload under `data`, callbacks in an array.
        case third
        /// Callbacks in an object, token and app name both asked for.
        case fourth

        /// Whether its payloads are under `content`, and its paths below a prefix.
        package var isOld: Bool { self == .first || self == .second }
    }

    /// One thing that an executor told.
    package enum Event: Hashable, Sendable {
        case registered(RegistryRequest)
        case signedOff(RegistryRequest)
        case calledBack(CallbackItem)
    }

    private struct State {
        var events: [Event] = []
        var calls = 0
        var isDown = false
        var refused: Set<RunID> = []
        var port = 0
    }

    package let generation: Generation
    package let token: Secret
    private let state = Mutex(State())

    private init(generation: Generation, token: Secret) {
        self.generation = generation
        self.token = token
    }

    /// Runs `body` while a scheduler of `generation` serves.
    package static func serve<Result: Sendable>(
        _ generation: Generation = .third,
        token: Secret = Secret(""),
        _ body: @Sendable (FakeAdmin) async throws -> Result
    ) async throws -> Result {
        let admin = FakeAdmin(generation: generation, token: token)
        return try await LoopbackServer.serve(Door(admin: admin)) { port in
            admin.state.withLock { $0.port = port }
            return try await body(admin)
        }
    }

    /// The base URL that an executor is configured with.
    package var address: String {
        "http://127.0.0.1:\(state.withLock { $0.port })" + (generation.isOld ? "/xxl-job-admin" : "")
    }

    /// What was told, in order.
    package var events: [Event] { state.withLock { $0.events } }

    /// The outcomes that came, in order, repeated ones too.
    package var callbacks: [CallbackItem] {
        events.compactMap { if case .calledBack(let item) = $0 { item } else { nil } }
    }

    /// How many calls came, answered or not.
    package var calls: Int { state.withLock { $0.calls } }

    /// Answers nothing but HTTP 503 from now on, or no more.
    package func setDown(_ isDown: Bool) {
        state.withLock { $0.isDown = isDown }
    }

    /// Refuses every callback in which one of `runs` is.
    package func refuse(_ runs: Set<RunID>) {
        state.withLock { $0.refused = runs }
    }

    private func answer(_ path: String, _ appName: String?, _ shown: String?, _ body: [UInt8]) -> Envelope? {
        state.withLock { state in
            state.calls += 1
            if state.isDown { return nil }
            if generation == .fourth, (appName ?? "").isEmpty || (shown ?? "").isEmpty {
                return .failure("invalid request, accessToken or appname is empty.")
            }
            if !token.isEmpty, !token.matches(shown ?? "") { return .failure("The access token is wrong.") }
            let prefix = generation.isOld ? "/xxl-job-admin/api/" : "/api/"
            guard path.hasPrefix(prefix) else { return .failure("uri-mapping(\(path)) not found.") }
            do {
                return try take(String(path.dropFirst(prefix.count)), body, &state)
            } catch {
                return .failure("\(error)")
            }
        }
    }

    private func take(_ name: String, _ body: [UInt8], _ state: inout State) throws -> Envelope {
        switch name {
        case "registry": state.events.append(.registered(try RegistryRequest(json: body)))
        case "registryRemove": state.events.append(.signedOff(try RegistryRequest(json: body)))
        case "callback":
            let batch = try CallbackBatch(json: body)
            guard (batch.shape == .object) == (generation == .fourth), try isReadable(body) else {
                return .failure("callback body cannot be read")
            }
            if batch.items.contains(where: { state.refused.contains($0.run) }) {
                return .failure("callback refused")
            }
            state.events += batch.items.map(Event.calledBack)
        default: return .failure("invalid request, uri-mapping(\(name)) not found.")
        }
        return .success()
    }

    /// Whether each element has what this generation alone looks for.
    private func isReadable(_ body: [UInt8]) throws -> Bool {
        let value = try WireValue(json: body)
        let items = (value.list ?? value.object?["callbackList"].list ?? []).compactMap(\.object)
        return items.allSatisfy { item in
            let code = generation == .first ? item["executeResult"].object?["code"] : item["handleCode"]
            let planned = item[generation == .fourth ? "logDateTime" : "logDateTim"]
            guard case .integer = code, case .integer = planned else { return false }
            return true
        }
    }

    private struct Door: HTTPResponder {
        typealias Context = BasicRequestContext

        let admin: FakeAdmin

        func respond(to request: Request, context: Context) async throws -> Response {
            let body = try await request.body.collect(upTo: 16 << 20)
            let field = { (name: String) in HTTPField.Name(name).flatMap { request.headers[$0] } }
            let envelope = admin.answer(
                request.uri.path,
                field(WireHeader.appName),
                field(WireHeader.accessToken),
                Array(body.readableBytesView)
            )
            guard let envelope else { return Response(status: .serviceUnavailable) }
            // Each generation answers with its own payload key only.
            let key = admin.generation.isOld ? "content" : "data"
            let answer = WireValue.object([
                "code": .integer(Int64(envelope.code)), "msg": .optional(envelope.message), key: nil,
            ])
            return Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.json))
            )
        }
    }
}
