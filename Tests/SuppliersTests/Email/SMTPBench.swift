import CurlDriver
import Foundation
import Groundwork
import LocalServers
import PushEngine
import TestKit

@testable import Suppliers

/// An adapter for mail over the real transport, and a real server.
final class SMTPBench {
    static let now = Moment(secondsSinceEpoch: 1_700_000_000)
    static let recipient = "someone@example.com"

    let server: LocalMailServer
    let client: CurlMailClient
    private let folder: ServerFolder

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

    /// An account at the server.
    func account(
        _ door: LocalMailServer.Door = .implicitTLS,
        values: [String: String] = [:],
        secrets: [String: Secret] = [:]
    ) async throws -> SupplierAccount {
        let scheme = [.implicitTLS, .login].contains(door) ? "smtps" : "smtp"
        let usual = ["from": "news@example.org", "user": "kpush@example.com"]
        return SupplierAccount(
            id: AccountID(rawValue: 1),
            name: "mail",
            kind: .smtp,
            channel: .email,
            url: "\(scheme)://localhost:\(try await server.port(door))",
            config: AccountConfig(
                usual.merging(values) { $1 },
                secrets: ["pass": Secret("s3cret")].merging(secrets) { $1 }
            )
        )
    }

    func supplier(
        _ door: LocalMailServer.Door = .implicitTLS,
        values: [String: String] = [:],
        secrets: [String: Secret] = [:],
        http: any HTTPClient = ScriptedHTTPClient()
    ) async throws -> SMTPSupplier {
        Self.supplier(try await account(door, values: values, secrets: secrets), mail: client, http: http)
    }

    static func supplier(
        _ account: SupplierAccount,
        mail: any MailClient,
        http: any HTTPClient = ScriptedHTTPClient()
    ) -> SMTPSupplier {
        let clock = ManualClock(now).calendar
        let common = SupplierTools(http: http, clock: clock)
        return SMTPSupplier(
            account,
            SupplierTools(http: http, clock: clock, tokens: common.tokens, mail: mail)
        )
    }

    /// A call for one message.
    static func call(
        _ content: WireObject,
        to recipient: String = recipient,
        key: String = "kp1x4z-9c",
        type: MessageType = .notice
    ) -> SupplierCall {
        SupplierCall(
            requestKey: key,
            recipients: [recipient],
            contents: [String(decoding: WireValue.object(content).json, as: UTF8.self)],
            contentIndex: [0],
            type: type
        )
    }

    static let content: WireObject = ["title": "hello", "content": "<p>hello</p>"]
}

extension SupplierVerdict {
    /// The refusal, where it is one.
    var refusal: Refusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }
}
