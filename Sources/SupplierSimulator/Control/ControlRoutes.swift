import Foundation
import Groundwork
import Hummingbird
import Synchronization

/// The simulator's own door, `/_sim/`: what it saw, and how it is to behave.
struct ControlRoutes {
    private let simulation: Simulation

    init(_ simulation: Simulation) {
        self.simulation = simulation
    }

    func add(to router: Router<SimulatorContext>) {
        let group = router.group("/_sim")
        group.get("/stats") { _, _ in Self.json(simulation.world.withLock { StatsWriter.stats($0) }) }
        group.get("/accounts") { request, _ in try await accounts(request) }
        group.get("/ledger") { request, _ in try ledger(request) }
        group.get("/ledger/export") { _, _ in export() }
        group.post("/faults") { request, _ in try await setFaults(request) }
        group.post("/script") { request, _ in try await setScript(request) }
        group.post("/clock") { request, _ in try await setClock(request) }
        group.post("/callbacks") { request, _ in try await setCallbacks(request) }
        group.post("/answers") { request, _ in try await answer(request) }
        group.post("/tokens/revoke") { request, _ in try await revoke(request) }
        group.post("/consents") { request, _ in try await setConsents(request) }
        group.post("/reset") { _, _ in reset() }
    }

    // What it saw.

    /// Accounts at all of its suppliers, each as the API of whoever sends takes it.
    private func accounts(_ request: Request) async throws -> Response {
        let own = "http://\(request.head.authority ?? "")"
        let mail =
            simulation.settings.mailPort == nil
            ? nil : await simulation.mailPort.value.map { "smtp://\(simulation.settings.host):\($0)" }
        let accounts = SimulatedSupplier.allCases.compactMap { supplier in
            (supplier == .smtp ? mail : "\(own)/\(supplier.rawValue)")
                .map { simulation.settings.credentials.account(at: supplier, url: $0) }
        }
        return Self.json(WireValue.list(accounts.map(WireValue.object)).json)
    }

    private func ledger(_ request: Request) throws -> Response {
        guard let text = request.uri.queryParameters["recipient"].map(String.init), !text.isEmpty else {
            throw Hummingbird.HTTPError(.badRequest, message: "recipient: is needed")
        }
        let number = PhoneDigits.e164(Array(text.replacing(" ", with: "+").utf8)[...])
        let recipient = number ?? RecipientNumber.of(text)
        return Self.json(
            simulation.world.withLock { StatsWriter.ledger(of: recipient, in: $0, of: simulation) }
        )
    }

    private func export() -> Response {
        let simulation = simulation
        return Response(
            status: .ok,
            headers: [.contentType: "text/tab-separated-values"],
            body: ResponseBody { writer in
                var next = 0
                while true {
                    let lines = simulation.world.withLock {
                        StatsWriter.lines(from: next, limit: 4_096, in: $0)
                    }
                    guard !lines.isEmpty else { break }
                    try await writer.write(ByteBuffer(bytes: lines))
                    next += 4_096
                }
                try await writer.finish(nil)
            }
        )
    }

    // How it is to behave.

    private func setFaults(_ request: Request) async throws -> Response {
        struct Order: Decodable {
            let supplier: SimulatedSupplier?
        }
        let body = try await Self.body(of: request)
        let order = try Self.decode(Order.self, from: body)
        let suppliers = order.supplier.map { [$0] } ?? SimulatedSupplier.allCases
        var faults = simulation.world.withLock { $0.faults }
        for supplier in suppliers {
            faults[supplier] = try Self.reading {
                try JSONDecoder().decode(SimulatorFaults.self, from: body, configuration: faults[supplier])
            }
        }
        let changed = faults
        simulation.world.withLock { $0.faults = changed }
        return try Self.json(
            Dictionary(uniqueKeysWithValues: SimulatedSupplier.allCases.map { ($0.rawValue, changed[$0]) })
        )
    }

    private func setScript(_ request: Request) async throws -> Response {
        struct Order: Codable {
            let enabled: Bool
        }
        let order = try Self.decode(Order.self, from: try await Self.body(of: request))
        simulation.world.withLock { $0.scriptsRecipients = order.enabled }
        return try Self.json(order)
    }

    private func setClock(_ request: Request) async throws -> Response {
        struct Order: Decodable {
            let advanceMs: Int64?
            let nowMs: Int64?
            let reset: Bool?
        }
        let order = try Self.decode(Order.self, from: try await Self.body(of: request))
        if order.reset == true { simulation.clock.reset() }
        if let now = order.nowMs { simulation.clock.set(to: Moment(millisecondsSinceEpoch: now)) }
        if let distance = order.advanceMs { simulation.clock.advance(by: .milliseconds(distance)) }
        simulation.ringForPosts()
        return try Self.json(["now_ms": simulation.clock.now.millisecondsSinceEpoch])
    }

    private func setCallbacks(_ request: Request) async throws -> Response {
        let order = try Self.decode([String: String?].self, from: try await Self.body(of: request))
        for name in order.keys where SimulatedSupplier(rawValue: name) == nil {
            throw Hummingbird.HTTPError(.badRequest, message: "\(name): no such supplier")
        }
        simulation.world.withLock { world in
            for supplier in SimulatedSupplier.allCases {
                if let url = order[supplier.rawValue] { world.callbacks[supplier] = url }
            }
        }
        simulation.ringForPosts()
        let callbacks = simulation.world.withLock { $0.callbacks }
        return try Self.json(
            Dictionary(uniqueKeysWithValues: SimulatedSupplier.allCases.map { ($0.rawValue, callbacks[$0]) })
        )
    }

    /// Lets somebody answer: what they write, or `subscribe` and `unsubscribe` at an official account.
    private func answer(_ request: Request) async throws -> Response {
        struct Order: Codable {
            let supplier: SimulatedSupplier
            let recipient: String
            let text: String
        }
        let order = try Self.decode(Order.self, from: try await Self.body(of: request))
        let (supplier, now) = (order.supplier, simulation.clock.now)
        let isTold = simulation.world.withLock { world in
            world.answerCount += 1
            let answer = SimulatedAnswer(
                number: world.answerCount,
                recipient: order.recipient,
                text: order.text,
                at: now
            )
            guard simulation.desk(supplier).post(of: answer, to: "", under: "") != nil else { return false }
            world.answers[supplier].append(answer)
            return true
        }
        guard isTold else {
            throw Hummingbird.HTTPError(.badRequest, message: "supplier: it tells nobody what people answer")
        }
        simulation.ringForPosts()
        return try Self.json(order)
    }

    private func revoke(_ request: Request) async throws -> Response {
        struct Order: Codable {
            let accessKey: String
        }
        let order = try Self.decode(Order.self, from: try await Self.body(of: request))
        let accounts = simulation.settings.credentials
        let known = SimulatedSupplier.allCases.flatMap {
            [accounts[$0].key.accessKey, accounts[$0].nextKey.accessKey]
        }
        guard known.contains(order.accessKey) else {
            throw Hummingbird.HTTPError(.notFound, message: "access_key: there is no such key")
        }
        simulation.world.withLock { world in
            world.revokedKeys.insert(order.accessKey)
            for supplier in SimulatedSupplier.allCases { world.tokens[supplier].revoke(order.accessKey) }
        }
        return try Self.json(order)
    }

    /// Gives or takes away what a user of the mini-program has agreed to.
    private func setConsents(_ request: Request) async throws -> Response {
        struct Order: Codable {
            let recipient: String
            let count: Int
        }
        let order = try Self.decode(Order.self, from: try await Self.body(of: request))
        let template = simulation.settings.credentials.weChatMiniProgram.templateID
        let consent = WeChatMemory.Consent(openID: order.recipient, template: template)
        simulation.world.withLock { $0.weChat[.weChatMiniProgram].give(order.count, consent) }
        return try Self.json(order)
    }

    private func reset() -> Response {
        simulation.world.withLock { $0.forget() }
        simulation.clock.reset()
        return Self.json(Array("{}".utf8))
    }

    // Reading and writing.

    private static func body(of request: Request) async throws -> Data {
        let buffer = try await request.body.collect(upTo: 64 << 10)
        return Data(Array(buffer: buffer))
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, from body: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try reading { try decoder.decode(type, from: body) }
    }

    /// Turns what is wrong with a body into an answer that says so.
    private static func reading<Value>(_ read: () throws -> Value) throws -> Value {
        do {
            return try read()
        } catch let error as DecodingError {
            throw Hummingbird.HTTPError(.badRequest, message: "\(error)")
        }
    }

    private static func json(_ value: some Encodable) throws -> Response {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return json(Array(try encoder.encode(value)))
    }

    private static func json(_ body: [UInt8]) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }
}
