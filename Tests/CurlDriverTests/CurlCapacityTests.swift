import Groundwork
import Synchronization
import TestKit
import Testing

@testable import CurlDriver

/// Waiting for a turn, giving up, and shutting down.
@Suite struct CurlCapacityTests {
    /// A server that keeps every request until it is opened, and counts connections.
    private final class Gate: Sendable {
        private let isOpen = Atomic<Bool>(false)
        private let seen = Atomic<Int>(0)
        private let gone = Atomic<Int>(0)

        var requests: Int { seen.load(ordering: .acquiring) }
        var closed: Int { gone.load(ordering: .acquiring) }

        func open() { isOpen.store(true, ordering: .releasing) }

        func serve() throws -> RawServer {
            try RawServer { [self] _, connection in
                while connection.readRequest() != nil {
                    seen.add(1, ordering: .acquiringAndReleasing)
                    while !isOpen.load(ordering: .acquiring) {
                        if connection.isClosedByClient(withinMilliseconds: 5) {
                            gone.add(1, ordering: .acquiringAndReleasing)
                            return
                        }
                    }
                    connection.answer("ok")
                }
            }
        }
    }

    private func client(perHost: Int, inFlight: Int = 100, waiting: Int = 1_000) -> CurlHTTPClient {
        var settings = CurlHTTPClientSettings()
        settings.connectionsPerHost = perHost
        settings.inFlight = inFlight
        settings.waiting = waiting
        return CurlHTTPClient(settings: settings)
    }

    @Test func `no more connections than allowed are opened, and everybody's turn comes`() async throws {
        let gate = Gate()
        let server = try gate.serve()
        defer { server.close() }
        let client = client(perHost: 3)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await client.send(HTTPRequest(url: server.url, timeouts: .patient)).status
                }
            }
            try await eventually("three are on the wire") { gate.requests == 3 }
            gate.open()
            for try await status in group { #expect(status == 200) }
        }
        #expect(gate.requests == 20)
        #expect(server.connectionCount == 3)
    }

    @Test func `a slow origin with a long line does not hold up another`() async throws {
        let slow = Gate()
        let slowServer = try slow.serve()
        let quick = Gate()
        quick.open()
        let quickServer = try quick.serve()
        defer {
            slowServer.close()
            quickServer.close()
        }
        let client = client(perHost: 2, inFlight: 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    _ = try await client.send(HTTPRequest(url: slowServer.url, timeouts: .patient))
                }
            }
            try await eventually("the slow origin is full") { slow.requests == 2 }
            for _ in 0..<10 {
                #expect(
                    try await client.send(HTTPRequest(url: quickServer.url, timeouts: .patient)).status == 200
                )
            }
            slow.open()
            try await group.waitForAll()
        }
    }

    @Test func `who waits longer than its limit was never written`() async throws {
        let gate = Gate()
        let server = try gate.serve()
        defer { server.close() }
        let client = client(perHost: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await client.send(HTTPRequest(url: server.url, timeouts: .patient)) }
            try await eventually("the place is taken") { gate.requests == 1 }
            let limits = HTTPTimeouts(total: .milliseconds(50))
            let error = await #expect(throws: HTTPError.self) {
                try await client.send(HTTPRequest(url: server.url, timeouts: limits))
            }
            #expect(error?.code == .connectTimeout)
            #expect(error?.mayHaveArrived == false)
            gate.open()
            try await group.waitForAll()
        }
        #expect(gate.requests == 1)
    }

    @Test func `one too many in the line is refused as never written`() async throws {
        let gate = Gate()
        let server = try gate.serve()
        defer { server.close() }
        let client = client(perHost: 1, waiting: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await client.send(HTTPRequest(url: server.url, timeouts: .patient)) }
            try await eventually("the place is taken") { gate.requests == 1 }
            let error = await #expect(throws: HTTPError.self) {
                try await client.send(HTTPRequest(url: server.url, timeouts: .patient))
            }
            #expect(error?.code == .unreachable)
            gate.open()
            try await group.waitForAll()
        }
    }

    @Test func `cancelling the task takes its call off the wire at once`() async throws {
        let gate = Gate()
        let server = try gate.serve()
        defer { server.close() }
        let client = client(perHost: 1)
        let task = Task { () -> HTTPError? in
            do throws(HTTPError) {
                _ = try await client.send(
                    HTTPRequest(url: server.url, timeouts: HTTPTimeouts(total: .seconds(600)))
                )
                return nil
            } catch {
                return error
            }
        }
        try await eventually("the request is read") { gate.requests == 1 }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
        try await eventually("the server sees the connection closed") { gate.closed == 1 }
        gate.open()
        #expect(try await client.send(HTTPRequest(url: server.url, timeouts: .patient)).status == 200)
    }

    @Test func `cancelling whoever waits gives the place in the line back`() async throws {
        let gate = Gate()
        let server = try gate.serve()
        defer { server.close() }
        let client = client(perHost: 1, waiting: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await client.send(HTTPRequest(url: server.url, timeouts: .patient)) }
            try await eventually("the place is taken") { gate.requests == 1 }
            for _ in 0..<20 {
                let waiting = Task { try await client.send(HTTPRequest(url: server.url, timeouts: .patient)) }
                waiting.cancel()
                let error = await #expect(throws: HTTPError.self) { try await waiting.value }
                #expect(error?.code == .cancelledBeforeWrite)
                #expect(error?.mayHaveArrived == false)
            }
            gate.open()
            try await group.waitForAll()
        }
        #expect(gate.requests == 1)
    }

    @Test func `shutting down ends what is on the wire and refuses what comes later`() async throws {
        let gate = Gate()
        let server = try gate.serve()
        defer { server.close() }
        let client = client(perHost: 1)
        let onTheWire = Task { try await client.send(HTTPRequest(url: server.url, timeouts: .patient)) }
        try await eventually("the request is read") { gate.requests == 1 }
        let inTheLine = Task { try await client.send(HTTPRequest(url: server.url, timeouts: .patient)) }
        client.shutdown()
        let first = await #expect(throws: HTTPError.self) { try await onTheWire.value }
        #expect(first?.code == .cancelled)
        let second = await #expect(throws: HTTPError.self) { try await inTheLine.value }
        #expect(second?.mayHaveArrived == false)
        let third = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(url: server.url, timeouts: .patient))
        }
        #expect(third?.code == .unreachable)
    }

    @Test func `a client that nobody holds takes its thread with it`() async throws {
        weak var loop: AnyObject?
        do {
            let client = CurlHTTPClient()
            loop = client.loopForObservation
            _ = try? await client.send(HTTPRequest(url: "http://127.0.0.1:1/", timeouts: .patient))
        }
        try await eventually("the loop is gone") { loop == nil }
    }
}

/// The order of turns, without a wire.
@Suite struct TurnstileTests {
    private final class Visitor: Equatable {
        let name: String
        init(_ name: String) { self.name = name }
        static func == (left: Visitor, right: Visitor) -> Bool { left === right }
    }

    @Test func `origins are served in turn when places are short in all`() {
        var turnstile = Turnstile<Visitor>(places: 1, placesPerOrigin: 1, waiting: 10)
        let visitors = ["a1", "a2", "a3", "b1", "b2"].map(Visitor.init)
        for visitor in visitors { _ = turnstile.arrive(visitor, at: String(visitor.name.prefix(1))) }
        var order: [String] = []
        var last = "a"
        while let next = turnstile.leave(last) {
            order.append(next.name)
            last = String(next.name.prefix(1))
        }
        #expect(order == ["a2", "b1", "a3", "b2"])
        #expect(turnstile.inside == 0)
        #expect(turnstile.waiting == 0)
    }

    @Test func `a thousand random comings and goings never exceed a limit nor lose anybody`() {
        var random = SystemRandomNumberGenerator()
        var turnstile = Turnstile<Visitor>(places: 7, placesPerOrigin: 3, waiting: 40)
        var inside: [String: Int] = [:]
        var waiting = 0
        var arrived = 0
        var left = 0
        var abandoned = 0
        for step in 0..<5_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let origin = ["a", "b", "c"].randomElement(using: &random) ?? "a"
                switch turnstile.arrive(Visitor(origin + "\(step)"), at: origin) {
                case .enters: inside[origin, default: 0] += 1
                case .waits: waiting += 1
                case .isRefused: arrived -= 1
                }
                arrived += 1
            case 5..<9:
                guard let origin = inside.filter({ $0.value > 0 }).keys.randomElement(using: &random) else {
                    continue
                }
                inside[origin, default: 0] -= 1
                left += 1
                if let next = turnstile.leave(origin) {
                    inside[String(next.name.prefix(1)), default: 0] += 1
                    waiting -= 1
                }
            default:
                let gone = turnstile.abandon { $0.name.hasSuffix("7") }
                waiting -= gone.count
                abandoned += gone.count
            }
            #expect(inside.values.allSatisfy { $0 <= 3 })
            #expect(turnstile.inside == inside.values.reduce(0, +))
            #expect(turnstile.inside <= 7)
            #expect(turnstile.waiting == waiting)
            #expect(arrived == left + abandoned + waiting + turnstile.inside)
        }
    }
}
