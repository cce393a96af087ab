import CurlDriver
import Groundwork
import Logging
import TestKit
import Testing

@testable import SupplierSimulator

/// A simulator on a free port, for as long as a test needs it.
struct RunningSimulator {
    let url: String
    let http: any HTTPClient
    let clock: ManualClock

    /// The instant of the signing vectors.
    static let vectorTime = Moment(secondsSinceEpoch: 1_700_000_000)

    /// Runs a simulator whose clock is the test's while `body` runs.
    static func use(
        _ settings: SimulatorSettings = SimulatorSettings(),
        _ body: (RunningSimulator) async throws -> Void
    ) async throws {
        let clock = ManualClock(vectorTime)
        let http = CurlHTTPClient()
        let service = SimulatorService(
            settings: settings,
            http: http,
            clock: clock.calendar,
            waiting: clock,
            logger: Logger(label: "simulator")
        )
        try await whileRunning(service) {
            let url = try #require(await service.url)
            try await body(RunningSimulator(url: url, http: http, clock: clock))
        }
        http.shutdown()
    }

    func get(_ path: String) async throws -> HTTPResponse {
        try await http.send(HTTPRequest(method: "GET", url: url + path))
    }

    func post(_ path: String, _ body: String) async throws -> HTTPResponse {
        let fields = [("Content-Type", "application/json")]
        return try await http.send(HTTPRequest(url: url + path, headers: fields, body: Array(body.utf8)))
    }

    /// The whole of `/_sim/stats` as text.
    func stats() async throws -> String { try await get("/_sim/stats").text }

    /// Sends a batch to Tencent as the demo account; returns the answer.
    func sendTencent(_ numbers: [String], text: String = "hi", key: String = "k") async throws -> HTTPResponse
    {
        let account = SimulatorCredentials.demo.tencent
        var body = JSONWriter()
        body.beginObject()
        body.key("PhoneNumberSet")
        body.beginArray()
        for number in numbers { body.string(number) }
        body.endArray()
        for (name, value) in [
            ("SmsSdkAppId", account.appID), ("SignName", account.signName),
            ("TemplateId", account.templateID),
            ("SessionContext", key),
        ] {
            body.key(name)
            body.string(value)
        }
        body.key("TemplateParamSet")
        body.beginArray()
        body.string(text)
        body.endArray()
        body.endObject()
        return try await callTencent("SendSms", body.bytes)
    }

    /// Makes a signed call to Tencent; `change` may spoil it after it was signed.
    func callTencent(
        _ action: String,
        _ body: [UInt8],
        key: SimulatorCredentials.Key = SimulatorCredentials.demo.tencent.key,
        skew: Duration = .zero,
        change: (inout HTTPRequest) -> Void = { _ in }
    ) async throws -> HTTPResponse {
        let moment = clock.calendar.now + skew
        let host = String(url.dropFirst(7))
        let date = CivilTime(moment, offset: .zero).date
        let payload = SignatureMaths.sha256(body)
        let type = "application/json; charset=utf-8"
        let canonical = "POST\n/\n\ncontent-type:\(type)\nhost:\(host)\n\ncontent-type;host\n\(payload)"
        let scope = "\(date)/sms/tc3_request"
        let toSign =
            "TC3-HMAC-SHA256\n\(moment.secondsSinceEpoch)\n\(scope)\n\(SignatureMaths.sha256(Array(canonical.utf8)))"
        var signing = Array(("TC3" + key.secretKey.reveal()).utf8)
        for part in [date, "sms", "tc3_request"] { signing = SignatureMaths.hmac256(part, key: signing) }
        let signature = SignatureMaths.hex(SignatureMaths.hmac256(toSign, key: signing))
        var request = HTTPRequest(
            url: url + "/tencent/",
            headers: [
                ("Host", host), ("Content-Type", type), ("X-TC-Action", action),
                ("X-TC-Version", "2021-01-11"),
                ("X-TC-Region", "ap-guangzhou"), ("X-TC-Timestamp", "\(moment.secondsSinceEpoch)"),
                (
                    "Authorization",
                    "TC3-HMAC-SHA256 Credential=\(key.accessKey)/\(scope), SignedHeaders=content-type;host, "
                        + "Signature=\(signature)"
                ),
            ],
            body: body
        )
        change(&request)
        return try await http.send(request)
    }
}

extension HTTPResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension HTTPRequest {
    /// Puts another value into a field.
    mutating func set(_ name: String, _ value: String?) {
        headers.removeAll { $0.name == name }
        if let value { headers.append((name, value)) }
    }
}
