import Foundation
import Groundwork
import LocalServers
import TestKit
import Testing

@testable import CurlDriver

/// Mail over the real transport, to a server that is not ours.
@Suite final class CurlMailClientTests: Sendable {
    private let folder: ServerFolder
    private let server: LocalMailServer
    private let client: CurlMailClient

    init() async throws {
        folder = try ServerFolder("kpush-mail")
        server = try await LocalMailServer(in: folder)
        var settings = CurlMailClientSettings()
        settings.authorities = server.certificate
        client = CurlMailClient(settings: settings)
    }

    deinit {
        client.shutdown()
    }

    private static let text = "From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\n\r\nhello\r\n"

    private func address(
        _ door: LocalMailServer.Door,
        _ security: MailServer.Security,
        host: String = "localhost",
        user: String = "kpush@example.com",
        password: String = "s3cret",
        timeouts: MailTimeouts = MailTimeouts()
    ) async throws -> MailServer {
        MailServer(
            host: host,
            port: try await server.port(door),
            security: security,
            user: user,
            password: Secret(password),
            greeting: "client.example.org",
            timeouts: timeouts
        )
    }

    private func send(
        _ server: MailServer,
        _ message: String = text,
        to recipient: String = "someone@example.com"
    ) async throws -> MailReply {
        let mail = Mail(from: "bounce+1@example.org", to: recipient, message: Array(message.utf8))
        return try await client.send(mail, to: server)
    }

    @Test(
        arguments: [
            (LocalMailServer.Door.startTLS, MailServer.Security.startTLS), (.implicitTLS, .implicitTLS),
            (.login, .implicitTLS), (.signIn, .plain),
        ]
    )
    func `a message arrives as it was given, from who signed in, however it is secured`(
        door: LocalMailServer.Door,
        security: MailServer.Security
    ) async throws {
        let reply = try await send(address(door, security))
        #expect(reply.stage == .message)
        #expect(reply.code == 250)
        #expect(reply.enhancedCode == "2.0.0")
        #expect(reply.text.hasPrefix("queued as "))
        let taken = try await server.messages()
        try #require(taken.count == 1)
        #expect(taken[0].raw == Data(Self.text.utf8))
        #expect(taken[0].sender == "bounce+1@example.org")
        #expect(taken[0].recipients == ["someone@example.com"])
        #expect(taken[0].isSecure == (security != .plain))
        #expect(taken[0].user == "kpush@example.com")
        #expect(taken[0].greeting == "client.example.org")
    }

    @Test func `nobody has to sign in where nobody asks for it`() async throws {
        let reply = try await send(address(.plain, .plain, user: ""))
        #expect(reply.code == 250)
        #expect(try await server.messages().first?.user == nil)
    }

    @Test func `a connection is kept for the next message to the same server`() async throws {
        for number in 0..<5 {
            #expect(try await send(address(.startTLS, .startTLS), to: "p\(number)@example.com").isPositive)
        }
        #expect(Set(try await server.messages().map(\.connection)).count == 1)
    }

    @Test func `messages at once go over as many connections as are allowed`() async throws {
        var settings = CurlMailClientSettings()
        settings.authorities = server.certificate
        settings.connectionsPerServer = 4
        let client = CurlMailClient(settings: settings)
        let place = try await address(.implicitTLS, .implicitTLS)
        await withTaskGroup { group in
            for number in 0..<40 {
                group.addTask {
                    let text = Array("Subject: \(number)\r\n\r\n\(number)\r\n".utf8)
                    let mail = Mail(from: "a@example.org", to: "p\(number)@example.com", message: text)
                    let reply = try? await client.send(mail, to: place)
                    #expect(reply?.code == 250)
                }
            }
        }
        let taken = try await server.messages()
        #expect(Set(taken.map { $0.recipients.first ?? "" }).count == 40)
        #expect(Set(taken.map(\.connection)).count <= 4)
        client.shutdown()
    }

    @Test(
        arguments: [
            ".\r\n", "..\r\n", "a\r\n.\r\nb\r\n", ".first\r\n..second\r\n...third\r\n", "no end of line",
            "an end\r\n", "two\r\n\r\n", "\r\n.\r\n\r\n.\r\nQUIT\r\n", ".", "a\r\n.",
        ]
    )
    func `dots at the beginnings of lines arrive as they are`(body: String) async throws {
        let text = "Subject: dots\r\n\r\n" + body
        #expect(try await send(address(.plain, .plain, user: ""), text).code == 250)
        let taken = try await server.messages()
        try #require(taken.count == 1)
        #expect(
            String(decoding: taken[0].raw, as: UTF8.self) == (body.hasSuffix("\r\n") ? text : text + "\r\n")
        )
    }

    @Test func `a message that is long, with a dot at the beginning of each line, arrives whole`()
        async throws
    {
        let line = "." + String(repeating: "x", count: 70) + "\r\n"
        let text = "Subject: long\r\n\r\n" + String(repeating: line, count: 5_000)
        #expect(try await send(address(.implicitTLS, .implicitTLS), text).code == 250)
        #expect(try await server.messages().first?.raw == Data(text.utf8))
    }

    @Test func `wrong credentials are refused by the server's own word`() async throws {
        let reply = try await send(address(.startTLS, .startTLS, password: "wrong"))
        #expect(reply.stage == .signIn)
        #expect(reply.code == 535)
        #expect(reply.enhancedCode == "5.7.8")
        let later = try await send(address(.startTLS, .startTLS, user: "later"))
        #expect(later.stage == .signIn)
        #expect(later.code == 454)
        #expect(try await server.messages().isEmpty)
    }

    @Test func `no message is given to who must not read it`() async throws {
        let place = try await address(.silent, .startTLS)
        let error = await #expect(throws: MailError.self) { try await self.send(place) }
        #expect(error?.code == .notSecure)
        // The certificate is for another name.
        let other = try await address(.implicitTLS, .implicitTLS, host: "127.0.0.1")
        let stranger = await #expect(throws: MailError.self) { try await self.send(other) }
        #expect(stranger?.code == .notSecure)
        #expect(stranger?.mayHaveArrived == false)
        // Nobody here knows who vouches for it.
        let doubting = CurlMailClient()
        let known = try await address(.startTLS, .startTLS)
        let doubt = await #expect(throws: MailError.self) { try await doubting.greet(known) }
        #expect(doubt?.code == .notSecure)
        doubting.shutdown()
        #expect(try await server.messages().isEmpty)
    }

    @Test func `a kept connection in the open is not used for a message that must be secured`() async throws {
        let open = try await address(.plain, .plain)
        #expect(try await send(open).code == 250)
        var secured = open
        secured.security = .startTLS
        let error = await #expect(throws: MailError.self) { try await self.send(secured) }
        #expect(error?.code == .notSecure)
        #expect(try await server.messages().count == 1)
    }

    @Test(
        arguments: [
            ("unknown", MailReply.Stage.recipient, 550, "5.1.1"), ("full", .recipient, 552, "5.2.2"),
            ("relay", .recipient, 554, "5.7.1"), ("busy", .recipient, 421, "4.3.2"),
            ("bare", .recipient, 550, nil), ("grey", .recipient, 450, "4.2.0"),
            ("spam", .message, 554, "5.7.1"), ("forged", .message, 550, "5.7.26"),
        ] as [(String, MailReply.Stage, Int, String?)]
    )
    func `a refusal is the server's own word, and what it was to`(
        local: String,
        stage: MailReply.Stage,
        code: Int,
        enhancedCode: String?
    ) async throws {
        let reply = try await send(address(.implicitTLS, .implicitTLS), to: "\(local)@example.com")
        #expect(reply.stage == stage)
        #expect(reply.code == code)
        #expect(reply.enhancedCode == enhancedCode)
        #expect(!reply.isPositive)
        #expect(try await send(address(.implicitTLS, .implicitTLS)).code == 250)
    }

    @Test func `a message that is too large is refused before it is written`() async throws {
        let text = "Subject: large\r\n\r\n" + String(repeating: "0123456789\r\n", count: 40_000)
        let reply = try await send(address(.implicitTLS, .implicitTLS), text)
        #expect(reply.stage == .sender)
        #expect(reply.code == 552)
    }

    @Test func `a connection that is lost after the message's end leaves it open whether it was taken`()
        async throws
    {
        let place = try await address(.plain, .plain, user: "")
        let error = await #expect(throws: MailError.self) {
            try await self.send(place, to: "drop@example.com")
        }
        #expect(error?.code == .noReply)
        #expect(error?.mayHaveArrived == true)
        #expect(try await server.messages().count == 1)
    }

    @Test func `a reply that does not come in time leaves it open whether the message was taken`()
        async throws
    {
        let place = try await address(.plain, .plain, user: "", timeouts: MailTimeouts(total: .seconds(1)))
        let error = await #expect(throws: MailError.self) {
            try await self.send(place, to: "hang@example.com")
        }
        #expect(error?.code == .replyTimeout)
        #expect(error?.mayHaveArrived == true)
        #expect(try await server.messages().count == 1)
    }

    @Test func `a message that is given up while its reply is awaited may have been taken`() async throws {
        let place = try await address(.plain, .plain, user: "")
        let sending = Task { try await self.send(place, to: "hang@example.com") }
        try await waited(for: "the message does not arrive") { try await server.messages().count == 1 }
        sending.cancel()
        let error = await #expect(throws: MailError.self) { try await sending.value }
        #expect(error?.code == .cancelled)
        #expect(error?.mayHaveArrived == true)
    }

    @Test func `greeting a server proves the credentials and sends nothing`() async throws {
        #expect(try await client.greet(address(.startTLS, .startTLS)).isPositive)
        let reply = try await client.greet(address(.startTLS, .startTLS, password: "wrong"))
        #expect(reply.stage == .signIn)
        #expect(reply.code == 535)
        #expect(try await client.greet(address(.implicitTLS, .implicitTLS)).isPositive)
        #expect(try await send(address(.implicitTLS, .implicitTLS)).isPositive)
        #expect(try await server.messages().count == 1)
    }
}
