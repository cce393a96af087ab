package import Foundation

/// A mail server on spare ports: PyPI's `aiosmtpd`, which takes messages and reads them with Python's own parser.
///
/// Who signs in is `kpush@example.com`, with the password `s3cret`. What stands before a recipient's `@` scripts what
/// happens: `unknown`, `full`, `relay`, `disabled`, `busy`, `bare` and `slowdown` are refused, `grey` is the first
/// time; messages to `spam` and `forged` are; a message to `drop` or `hang` is taken, and the connection is lost or
/// stands still instead of a reply.
package actor LocalMailServer {
    /// Ways of securing a connection and of signing in.
    package enum Door: String, Sendable, CaseIterable {
        /// Nothing is secured, and nobody needs to sign in.
        case plain
        /// Nothing is secured, and everybody has to sign in.
        case signIn
        /// `STARTTLS` and signing in are demanded.
        case startTLS
        /// Secured from the first byte; signing in is demanded.
        case implicitTLS
        /// The same, with `AUTH LOGIN` alone.
        case login
        /// Neither `STARTTLS` nor a way to sign in is offered.
        case silent
    }

    /// The most bytes of a message.
    package static let sizeLimit = 400_000

    /// The certificate that vouches for it, in PEM, for `localhost` alone.
    package nonisolated let certificate: String
    private let ports: [String: Int]
    private let home: URL
    private let process: LocalProcess

    /// Starts it.
    ///
    /// - Parameter folder: takes its output and the messages.
    /// - Throws: `LocalServerError` when it is not installed or does not come up.
    package init(in folder: ServerFolder) async throws {
        let home = try folder.part("mail")
        let script = home.appendingPathComponent("server.py")
        try Self.script.write(to: script, atomically: true, encoding: .utf8)
        process = try LocalProcess(
            try PythonPackage.aiosmtpd.python(),
            [script.path, home.path, "\(Self.sizeLimit)"],
            name: "server",
            in: home
        )
        let list = home.appendingPathComponent("ports.json")
        try await waited(for: "aiosmtpd does not listen", atMost: .seconds(60)) {
            FileManager.default.fileExists(atPath: list.path)
        }
        ports = try JSONDecoder().decode([String: Int].self, from: Data(contentsOf: list))
        certificate = home.appendingPathComponent("certificate.pem").path
        self.home = home
    }

    /// Where one of its doors is.
    package func port(_ door: Door) throws -> Int {
        guard let port = ports[door.rawValue] else { throw LocalServerError("there is no door \(door)") }
        return port
    }

    /// The messages taken so far, in order.
    package func messages() throws -> [ReceivedMail] {
        try FileManager.default.contentsOfDirectory(atPath: home.path)
            .filter { $0.hasPrefix("message-") && $0.hasSuffix(".json") }
            .sorted()
            .map { name in
                let data = try Data(contentsOf: home.appendingPathComponent(name))
                return try JSONDecoder().decode(ReceivedMail.self, from: data)
            }
    }

    /// The messages taken so far for one recipient.
    package func messages(to recipient: String) throws -> [ReceivedMail] {
        try messages().filter { $0.recipients == [recipient] }
    }

    /// Has names, each with a dot at its end, mean something to the server when it checks signatures.
    package func publish(_ texts: [String: String]) throws {
        try JSONEncoder().encode(texts).write(to: home.appendingPathComponent("names.json"), options: .atomic)
    }

    /// Has it end by itself.
    package func stop() async {
        await process.stop()
    }
}

/// A message as a server took it, read by a parser that is not ours.
package struct ReceivedMail: Decodable, Sendable {
    /// A part that holds no others.
    package struct Part: Decodable, Sendable {
        package let type: String
        package let charset: String?
        package let name: String?
        package let disposition: String?
        package let contentID: String?
        /// What it holds, decoded.
        package let body: Data

        package var text: String { String(decoding: body, as: UTF8.self) }
    }

    package let sender: String
    package let recipients: [String]
    /// Which connection it came over, counted from 1.
    package let connection: Int
    package let isSecure: Bool
    /// Who had signed in.
    package let user: String?
    /// What the client called itself.
    package let greeting: String
    /// The message's bytes, without the dots that the way needs.
    package let raw: Data
    package let subject: String?
    package let fromName: String?
    package let fromAddress: String?
    package let to: String?
    /// Seconds since the epoch.
    package let date: Int64?
    package let messageID: String?
    /// Names and decoded values, in order.
    package let fields: [[String]]
    /// Types of its parts, nested.
    package let structure: String
    package let parts: [Part]
    /// What the parser holds against it.
    package let defects: [String]
    package let longestLine: Int
    package let hasBareLineBreak: Bool
    /// `valid` where it is signed with a key that is published.
    package let signature: String?

    /// The value of a field, by its name.
    package func field(_ name: String) -> String? { fields.first { $0.first == name }?.last }
}
