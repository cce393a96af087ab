import Foundation
import LocalServers
import TestKit
import Testing

@Suite struct TCPRelayTests {
    @Test func `bytes go through both ways, however many, and ends are passed on`() async throws {
        let server = try EchoServer()
        let relay = try await TCPRelay(to: server.port)
        let client = try RawClient(to: relay.port)
        // More than all buffers on the way hold: the echo must be read while it is written.
        let text = String(repeating: "0123456789abcdef", count: 500_000)
        async let sent: Void = client.send(text)
        let echo = try await client.receive(text.utf8.count)
        await sent
        #expect(echo == text)
        client.finish()
        #expect(try await client.receive(1) == "")
        await relay.stop()
        #expect(!FreePort.isTaken(relay.port))
        server.close()
    }

    @Test func `a server that breaks off is heard of`() async throws {
        let server = try RawServer { _, connection in
            _ = connection.readHead()
            connection.reset()
        }
        let relay = try await TCPRelay(to: Int(server.port))
        for _ in 0..<20 {
            let client = try RawClient(to: relay.port)
            await client.send("hello\r\n\r\nand more that nobody reads")
            #expect(try await client.receive(1) == "")
        }
        await relay.stop()
        server.close()
    }

    @Test func `what is cut ends, new ones are refused, and after healing all is well`() async throws {
        let server = try EchoServer()
        let relay = try await TCPRelay(to: server.port)
        let client = try RawClient(to: relay.port)
        await client.send("hello")
        #expect(try await client.receive(5) == "hello")
        await relay.cut()
        #expect(try await client.receive(1) == "")
        #expect(throws: POSIXError.self) { try RawClient(to: relay.port) }
        try await relay.heal()
        let next = try RawClient(to: relay.port)
        await next.send("again")
        #expect(try await next.receive(5) == "again")
        await relay.refuse()
        #expect(throws: POSIXError.self) { try RawClient(to: relay.port) }
        await next.send("still")
        #expect(try await next.receive(5) == "still")
        await relay.stop()
        #expect(try await next.receive(1) == "")
        server.close()
    }

    @Test func `what is frozen is silent, also to who comes new, and goes on when it thaws`() async throws {
        let server = try EchoServer()
        let relay = try await TCPRelay(to: server.port)
        let old = try RawClient(to: relay.port)
        await old.send("one")
        #expect(try await old.receive(3) == "one")
        relay.freeze()
        let new = try RawClient(to: relay.port)
        await old.send("two")
        await new.send("new")
        #expect(!old.isReadable(within: .milliseconds(300)) && !new.isReadable(within: .zero))
        try await relay.heal()
        #expect(try await old.receive(3) == "two")
        #expect(try await new.receive(3) == "new")
        await relay.stop()
        server.close()
    }

    @Test func `answers that are dropped are lost for good, and those of later connections are not`()
        async throws
    {
        let server = try EchoServer()
        let relay = try await TCPRelay(to: server.port)
        let client = try RawClient(to: relay.port)
        await client.send("one")
        #expect(try await client.receive(3) == "one")
        relay.dropReplies()
        await client.send("two")
        try await eventually("the server hears it") { server.heard == 6 }
        #expect(!client.isReadable(within: .milliseconds(200)))
        try await relay.heal()
        await client.send("three")
        try await eventually("the server hears it") { server.heard == 11 }
        #expect(!client.isReadable(within: .milliseconds(200)))
        let next = try RawClient(to: relay.port)
        await next.send("four")
        #expect(try await next.receive(4) == "four")
        await relay.stop()
        server.close()
    }

    @Test func `what says a word waits, with what follows it, and the rest goes through`() async throws {
        let server = try EchoServer()
        let relay = try await TCPRelay(to: server.port)
        relay.hold(whatSays: "token")
        let leader = try RawClient(to: relay.port)
        let other = try RawClient(to: relay.port)
        await leader.send("one")
        #expect(try await leader.receive(3) == "one")
        #expect(relay.held == 0)
        await leader.send("with a token.")
        try await eventually("it waits") { relay.held == 1 }
        await leader.send("more")
        await other.send("two")
        #expect(try await other.receive(3) == "two")
        #expect(!leader.isReadable(within: .milliseconds(200)))
        try await relay.heal()
        #expect(try await leader.receive(17) == "with a token.more")
        await relay.stop()
        server.close()
    }

    @Test func `a delay is had each way`() async throws {
        let server = try EchoServer()
        let relay = try await TCPRelay(to: server.port)
        relay.delay(.milliseconds(150))
        let client = try RawClient(to: relay.port)
        let clock = ContinuousClock()
        let start = clock.now
        await client.send("slow")
        #expect(try await client.receive(4) == "slow")
        #expect(clock.now - start >= .milliseconds(300))
        await relay.stop()
        server.close()
    }
}
