import Dispatch
import Foundation
import Groundwork
import Synchronization
import TestKit
import Testing

@testable import CurlDriver

/// What servers do that a proper one never would.
@Suite struct CurlMailOddServerTests {
    private static let mail = Mail(
        from: "a@example.org",
        to: "b@example.com",
        message: Array("Subject: hello\r\n\r\nhello\r\n".utf8)
    )

    private static func place(_ server: RawServer, total: Duration = .seconds(5)) -> MailServer {
        MailServer(
            host: "127.0.0.1",
            port: Int(server.port),
            security: .plain,
            timeouts: MailTimeouts(connect: .seconds(2), total: total)
        )
    }

    /// Plays a server's part: for each line that begins with a word, what it says.
    private static func play(_ connection: RawServer.Connection, _ answers: [String: [String]]) {
        connection.write("220 odd\r\n")
        while let line = connection.readMailLine() {
            let word = String(line.prefix(4))
            guard let pieces = answers[word] ?? usual[word] else { return }
            for piece in pieces { connection.write(piece) }
            if word == "DATA", pieces.joined().hasPrefix("354") {
                while let line = connection.readMailLine(), line != "." {}
                guard let pieces = answers["."] ?? usual["."] else { return }
                for piece in pieces { connection.write(piece) }
            }
        }
    }

    private static let usual: [String: [String]] = [
        "EHLO": ["250 odd\r\n"], "MAIL": ["250 ok\r\n"], "RCPT": ["250 ok\r\n"], "DATA": ["354 go on\r\n"],
        ".": ["250 taken\r\n"], "QUIT": ["221 bye\r\n"], "NOOP": ["250 ok\r\n"],
    ]

    /// Sends one message to a server that answers so, and shuts the client down.
    private static func outcome(_ answers: [String: [String]]) async throws -> Result<MailReply, MailError> {
        let server = try RawServer { _, connection in play(connection, answers) }
        let client = CurlMailClient()
        defer {
            client.shutdown()
            server.close()
        }
        do throws(MailError) { return .success(try await client.send(mail, to: place(server))) } catch {
            return .failure(error)
        }
    }

    @Test func `replies in many pieces and of many lines are read whole`() async throws {
        let outcome = try await Self.outcome([
            "EHLO": ["250-od", "d\r\n250-SI", "ZE 1000000\r\n25", "0 PIPELINING\r", "\n"],
            ".": ["250-2.0.0 ta", "ken\r", "\n250 2.0.0 as number 7\r\n"],
        ])
        #expect(try outcome.get().text == "taken as number 7")
        #expect(try outcome.get().enhancedCode == "2.0.0")
    }

    @Test(arguments: ["EHLO", "MAIL", "RCPT", "DATA"])
    func `a connection that is lost before the message was not taken`(word: String) async throws {
        let server = try RawServer { _, connection in
            connection.write("220 odd\r\n")
            while let line = connection.readMailLine(), !line.hasPrefix(word) {
                for piece in Self.usual[String(line.prefix(4))] ?? [] { connection.write(piece) }
            }
        }
        let client = CurlMailClient()
        let error = await #expect(throws: MailError.self) {
            try await client.send(Self.mail, to: Self.place(server))
        }
        #expect(error?.code == .brokenBeforeEnd)
        #expect(error?.mayHaveArrived == false)
        client.shutdown()
        server.close()
    }

    @Test func `a greeting that turns everybody away is the last word`() async throws {
        let server = try RawServer { _, connection in connection.write("554 5.7.1 not you\r\n") }
        let client = CurlMailClient()
        let reply = try await client.send(Self.mail, to: Self.place(server))
        #expect(reply.stage == .greeting)
        #expect(reply.code == 554)
        client.shutdown()
        server.close()
    }

    @Test func `a success with another number than 250 is one`() async throws {
        let outcome = try await Self.outcome([".": ["252 2.0.0 well, yes\r\n"]])
        #expect(try outcome.get().code == 252)
        #expect(try outcome.get().isPositive)
    }

    @Test(arguments: [
        ("MAIL", MailReply.Stage.sender), ("RCPT", .recipient), ("DATA", .data), (".", .message),
    ])
    func `a refusal is told with what it was to`(word: String, stage: MailReply.Stage) async throws {
        let outcome = try await Self.outcome([word: ["451 4.3.0 not now\r\n"]])
        #expect(
            try outcome.get() == MailReply(stage: stage, code: 451, enhancedCode: "4.3.0", text: "not now")
        )
    }

    @Test func `a goodbye that nobody answers holds up nobody for long`() async throws {
        let server = try RawServer { _, connection in
            Self.play(connection, ["RCPT": ["550 5.1.1 no\r\n"], "QUIT": []])
        }
        let client = CurlMailClient()
        let start = ContinuousClock.now
        let reply = try await client.send(Self.mail, to: Self.place(server, total: .seconds(20)))
        #expect(reply.code == 550)
        #expect(ContinuousClock.now - start < .seconds(5))
        client.shutdown()
        server.close()
    }

    @Test func `a kept connection that the server has closed is replaced, and the message written once`()
        async throws
    {
        let taken = Mutex(0)
        let server = try RawServer { _, connection in
            connection.write("220 odd\r\n")
            var hasTaken = false
            while let line = connection.readMailLine() {
                // After one message it goes away at the next command.
                if hasTaken {
                    connection.write("421 4.4.2 too long idle\r\n")
                    return
                }
                let word = String(line.prefix(4))
                for piece in Self.usual[word] ?? [] { connection.write(piece) }
                if word == "DATA" {
                    while let line = connection.readMailLine(), line != "." {}
                    // Before the answer: whoever has it looks.
                    taken.withLock { $0 += 1 }
                    connection.write("250 taken\r\n")
                    hasTaken = true
                }
            }
        }
        let client = CurlMailClient()
        for _ in 0..<3 {
            let reply = try await client.send(Self.mail, to: Self.place(server))
            #expect(reply.code == 250)
        }
        #expect(taken.withLock { $0 } == 3)
        #expect(server.connectionCount == 3)
        client.shutdown()
        server.close()
    }

    @Test func `a server that says nothing is left in time, and nothing was given to it`() async throws {
        let server = try RawServer { _, connection in connection.waitForClose() }
        let client = CurlMailClient()
        let place = Self.place(server, total: .seconds(1))
        let error = await #expect(throws: MailError.self) { try await client.send(Self.mail, to: place) }
        #expect(error?.code == .connectTimeout)
        client.shutdown()
        server.close()
    }

    @Test func `a message that is given up half-way is not ended as if it were whole`() async throws {
        let end = Mutex("")
        let isWriting = Gate()
        let isGivenUp = DispatchSemaphore(value: 0)
        let server = try RawServer { server, connection in
            connection.write("220 odd\r\n")
            while let line = connection.readMailLine() {
                let word = String(line.prefix(4))
                for piece in Self.usual[word] ?? [] { connection.write(piece) }
                guard word == "DATA" else { continue }
                // Reads nothing more until the client has given up, so that most of the message is not written.
                _ = connection.readMailLine()
                isWriting.open()
                isGivenUp.wait()
                while let line = connection.readLastLine() { end.withLock { $0 = line } }
                server.note("over")
                return
            }
        }
        let client = CurlMailClient()
        let text = "Subject: long\r\n\r\n" + String(repeating: "0123456789\r\n", count: 4_000_000)
        let long = Mail(from: "a@example.org", to: "b@example.com", message: Array(text.utf8))
        let place = Self.place(server, total: .seconds(30))
        let sending = Task { try await client.send(long, to: place) }
        try await isWriting.pass()
        sending.cancel()
        let error = await #expect(throws: MailError.self) { try await sending.value }
        #expect(error?.code == .cancelledBeforeEnd)
        isGivenUp.signal()
        try await eventually("the server sees the end") { server.notes.contains("over") }
        #expect(end.withLock { $0 } != ".")
        client.shutdown()
        server.close()
    }

    @Test func `nobody listening, a strange host and a shut client are told apart`() async throws {
        let server = try RawServer { _, _ in }
        let place = Self.place(server)
        server.close()
        let client = CurlMailClient()
        let nobody = await #expect(throws: MailError.self) { try await client.send(Self.mail, to: place) }
        #expect(nobody?.code == .unreachable)
        var strange = place
        strange.host = "mail.example\r\nRCPT"
        let odd = await #expect(throws: MailError.self) { try await client.send(Self.mail, to: strange) }
        #expect(odd?.code == .badEnvelope)
        client.shutdown()
        let late = await #expect(throws: MailError.self) { try await client.send(Self.mail, to: place) }
        #expect(late?.code == .unreachable)
    }

    @Test(arguments: [
        "b@example.com>\r\nRCPT TO:<c@example.com", "b@example.com c", "", "b\u{E4}@example.com", "<b@e.f>",
    ])
    func `an address that would end its command is not written`(recipient: String) async throws {
        let client = CurlMailClient()
        let server = MailServer(host: "127.0.0.1", port: 9, security: .plain)
        let to = Mail(from: "a@example.org", to: recipient, message: [0x61])
        let error = await #expect(throws: MailError.self) { try await client.send(to, to: server) }
        #expect(error?.code == .badEnvelope)
        client.shutdown()
    }

    @Test func `an address that the guard keeps from is not called`() async throws {
        let server = try RawServer { _, _ in }
        var settings = CurlMailClientSettings()
        settings.addresses = AddressGuard()
        let client = CurlMailClient(settings: settings)
        let place = Self.place(server)
        let error = await #expect(throws: MailError.self) { try await client.send(Self.mail, to: place) }
        #expect(error?.code == .addressRefused)
        #expect(error?.mayHaveArrived == false)
        #expect(server.connectionCount == 0)
        client.shutdown()
        server.close()
    }

    @Test func `messages beyond those that may be on their way wait, and end in time when no turn comes`()
        async throws
    {
        let server = try RawServer { _, connection in connection.waitForClose() }
        var settings = CurlMailClientSettings()
        settings.connectionsPerServer = 1
        settings.waiting = 1
        let client = CurlMailClient(settings: settings)
        let slow = Self.place(server, total: .seconds(30))
        let quick = Self.place(server, total: .milliseconds(200))
        let first = Task { try await client.send(Self.mail, to: slow) }
        try await eventually("the first message is on its way") { server.connectionCount == 1 }
        let second = await #expect(throws: MailError.self) { try await client.send(Self.mail, to: quick) }
        #expect(second?.code == .connectTimeout)
        let third = Task { try await client.send(Self.mail, to: slow) }
        third.cancel()
        let given = await #expect(throws: MailError.self) { try await third.value }
        #expect(given?.code == .cancelledBeforeEnd)
        client.shutdown()
        let ended = await #expect(throws: MailError.self) { try await first.value }
        #expect(ended?.mayHaveArrived == false)
        server.close()
    }
}

extension RawServer.Connection {
    /// Reads up to the end of a line and no further; nil when the client closed.
    fileprivate func readMailLine() -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            if byte != UInt8(ascii: "\r") { bytes.append(byte) }
        }
        return nil
    }

    /// Reads what there is and returns its last line; nil when the client closed.
    fileprivate func readLastLine() -> String? {
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return nil }
        let text = String(decoding: chunk[..<count], as: UTF8.self).replacing("\r\n", with: "\n")
        return text.split(separator: "\n").last.map(String.init) ?? ""
    }
}
