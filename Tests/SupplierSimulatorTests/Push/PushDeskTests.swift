import Crypto
import Foundation
import Groundwork
import TestKit
import Testing

@testable import SupplierSimulator

/// The simulated suppliers of app push take what is signed rightly, and nothing that is off.
@Suite struct PushDeskTests {
    private static let device = String(repeating: "ab", count: 30) + "1234"

    private static func base64url(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func token(
        key: String = "DEMOKEY001",
        team: String = SimulatorCredentials.demoTeam,
        signedAt age: Int64 = 0,
        with privateKey: Secret = DemoPrivateKeys.apns,
        isDER: Bool = false
    ) throws -> String {
        let header = base64url(#"{"alg":"ES256","kid":"\#(key)"}"#.utf8)
        let claims = base64url(#"{"iss":"\#(team)","iat":\#(1_700_000_000 - age)}"#.utf8)
        let input = "\(header).\(claims)"
        let signature = try P256.Signing.PrivateKey(pemRepresentation: privateKey.reveal())
            .signature(for: Array(input.utf8))
        let bytes = isDER ? signature.derRepresentation : signature.rawRepresentation
        return "\(input).\(base64url(bytes))"
    }

    private static func push(
        _ simulator: RunningSimulator,
        _ token: String?,
        change: (inout HTTPRequest) -> Void = { _ in }
    ) async throws -> (status: Int, text: String) {
        var request = HTTPRequest(
            url: simulator.url + "/apns/3/device/" + device,
            headers: [("apns-topic", "org.example.kpush"), ("apns-push-type", "alert")],
            body: Array(#"{"aps":{"alert":"x"}}"#.utf8),
            version: .two
        )
        if let token { request.headers.append(("authorization", "bearer \(token)")) }
        change(&request)
        let answer = try await simulator.http.send(request)
        return (answer.status, answer.text)
    }

    @Test func `Apple takes a token that its key signed, and tells what is wrong with others`() async throws {
        try await RunningSimulator.use { simulator in
            let wrong: [(String?, String)] = [
                (nil, "MissingProviderToken"), ("abc", "InvalidProviderToken"),
                (try Self.token(key: "OTHER"), "InvalidProviderToken"),
                (try Self.token(team: "OTHER"), "InvalidProviderToken"),
                (try Self.token(with: DemoPrivateKeys.apnsNext), "InvalidProviderToken"),
                (try Self.token(isDER: true), "InvalidProviderToken"),
                (try Self.token(signedAt: 3_601), "ExpiredProviderToken"),
                (try Self.token(signedAt: -301), "InvalidProviderToken"),
            ]
            for (token, reason) in wrong {
                let answer = try await Self.push(simulator, token)
                #expect(answer.status == 403)
                #expect(answer.text == #"{"reason":"\#(reason)"}"#)
            }
            #expect(try await Self.push(simulator, Self.token()).status == 200)
            let next = try Self.token(key: "DEMOKEY002", with: DemoPrivateKeys.apnsNext)
            #expect(try await Self.push(simulator, next).status == 200)
        }
    }

    @Test func `Apple wants a token used for 20 minutes, and takes it for an hour`() {
        var book = ProviderTokenBook()
        let start = Moment(secondsSinceEpoch: 1_700_000_000)
        func standing(_ token: String, signedAt: Int64, after seconds: Int64) -> ProviderTokenBook.Standing {
            book.standing(
                token,
                of: "k",
                issuedAt: start + .seconds(signedAt),
                at: start + .seconds(seconds)
            )
        }
        #expect(standing("a", signedAt: 0, after: 0) == .good)
        #expect(standing("b", signedAt: 1_199, after: 1_199) == .tooSoon)
        #expect(standing("c", signedAt: 1_200, after: 1_200) == .good)
        #expect(standing("a", signedAt: 0, after: 3_600) == .good)
        #expect(standing("a", signedAt: 0, after: 3_601) == .tooOld)
        #expect(standing("d", signedAt: 2_399, after: 3_601) == .tooSoon)
        #expect(standing("d", signedAt: 2_400, after: 3_601) == .good)
    }

    @Test func `Apple looks at every field`() async throws {
        try await RunningSimulator.use { simulator in
            let token = try Self.token()
            let wrong: [((inout HTTPRequest) -> Void, Int, String)] = [
                ({ $0.set("apns-topic", nil) }, 400, "MissingTopic"),
                ({ $0.set("apns-topic", "other") }, 400, "TopicDisallowed"),
                ({ $0.set("apns-push-type", "loud") }, 400, "InvalidPushType"),
                ({ $0.set("apns-priority", "7") }, 400, "BadPriority"),
                ({ $0.set("apns-expiration", "soon") }, 400, "BadExpirationDate"),
                ({ $0.set("apns-id", "1") }, 400, "BadMessageId"),
                ({ $0.set("apns-collapse-id", String(repeating: "c", count: 65)) }, 400, "BadCollapseId"),
                ({ $0.body = [] }, 400, "PayloadEmpty"),
                ({ $0.body = Array(repeating: 32, count: 4_097) }, 413, "PayloadTooLarge"),
                ({ $0.url += "5" }, 400, "BadDeviceToken"),
                ({ $0.url = simulator.url + "/apns/4/x" }, 404, "BadPath"),
                ({ $0.method = "PUT" }, 405, "MethodNotAllowed"),
            ]
            for (change, status, reason) in wrong {
                let answer = try await Self.push(simulator, token, change: change)
                #expect(answer.status == status)
                #expect(answer.text == #"{"reason":"\#(reason)"}"#)
            }
        }
    }

    @Test func `Apple speaks HTTP 2 alone, and the others both versions`() async throws {
        try await RunningSimulator.use { simulator in
            let token = try Self.token()
            await #expect(throws: HTTPError.self) {
                try await Self.push(simulator, token) { $0.version = .automatic }
            }
            for version in [HTTPVersion.automatic, .two] {
                let request = HTTPRequest(method: "GET", url: simulator.url + "/_sim/stats", version: version)
                #expect(try await simulator.http.send(request).status == 200)
            }
        }
    }

    @Test(arguments: ["", "G", "PR", "GET /_sim/stats HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
    func `a connection that says little does not keep the simulator from ending`(start: String) async throws {
        var connection: HeldConnection?
        try await RunningSimulator.use { simulator in
            connection = try HeldConnection(to: simulator.url, saying: start)
            _ = try await simulator.stats()
        }
        #expect(connection != nil)
        connection = nil
    }

    // Google, GeTui, Huawei.

    @Test func `Google looks at the message before it takes it`() async throws {
        try await RunningSimulator.use { simulator in
            func send(_ message: String, token: String = "none") async throws -> HTTPResponse {
                try await simulator.http.send(
                    HTTPRequest(
                        url: simulator.url + "/fcm/v1/projects/kpush-demo/messages:send",
                        headers: [
                            ("Content-Type", "application/json"), ("Authorization", "Bearer \(token)"),
                        ],
                        body: Array(#"{"message":\#(message)}"#.utf8)
                    )
                )
            }
            let none = try await send(#"{"token":"a"}"#)
            #expect(none.status == 401 && none.text.contains("UNAUTHENTICATED"))
            let other = try await simulator.post("/fcm/v1/projects/other/messages:send", "{}")
            #expect(other.status == 404)
        }
    }

    @Test func `GeTui and Huawei give tokens for the right secret alone`() async throws {
        try await RunningSimulator.use { simulator in
            let auth = #"{"sign":"00","timestamp":"1700000000000","appkey":"demoGeTuiKey"}"#
            let getui = try await simulator.post("/getui/demoGeTuiApp/auth", auth)
            #expect(getui.status == 400 && getui.text.contains("sign is invalid"))
            let form = "grant_type=client_credentials&client_id=100000001&client_secret="
            func ask(_ secret: String) async throws -> HTTPResponse {
                try await simulator.http.send(
                    HTTPRequest(
                        url: simulator.url + "/huawei/oauth2/v3/token",
                        headers: [("Content-Type", "application/x-www-form-urlencoded")],
                        body: Array((form + secret).utf8)
                    )
                )
            }
            #expect(try await ask("wrong").text.contains("invalid client"))
            #expect(try await ask("demo-huawei-secret").text.contains(#"\/"#))
            #expect(try await ask("demo-huawei-secret-next").status == 200)
        }
    }
}

/// A connection that is held open, whatever the other side does.
private final class HeldConnection {
    private let descriptor: Int32

    init(to url: String, saying text: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = try #require(UInt16(url.split(separator: ":").last ?? "")).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        let bytes = Array(text.utf8)
        #expect(isConnected && send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    deinit {
        close(descriptor)
    }
}
