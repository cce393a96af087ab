import Groundwork
import TestKit
import Testing

@testable import SupplierSimulator

/// The simulator takes what the suppliers' own vectors sign, and nothing that is off by a bit.
@Suite struct SignatureCheckTests {
    private static let tencentBody =
        #"{"PhoneNumberSet":["+8613711112222"],"SmsSdkAppId":"1400006666","SignName":"demo","TemplateId":"1234","TemplateParamSet":["12345"],"SessionContext":"t-1"}"#

    private static func settings() -> SimulatorSettings {
        var settings = SimulatorSettings()
        settings.credentials.tencent = SimulatorCredentials.Account(
            key: .init(accessKey: "AKIDEXAMPLE", secretKey: Secret("SECRETEXAMPLE")),
            nextKey: .init(accessKey: "AKIDNEXT", secretKey: Secret("next")),
            appID: "1400006666",
            signName: "demo",
            templateID: "1234"
        )
        settings.credentials.aliyun = SimulatorCredentials.Account(
            key: .init(accessKey: "testId", secretKey: Secret("testSecret")),
            nextKey: .init(accessKey: "nextId", secretKey: Secret("next")),
            appID: "",
            signName: "demo",
            templateID: "SMS_1"
        )
        return settings
    }

    private static func tencentVector(_ url: String) -> HTTPRequest {
        HTTPRequest(
            url: url + "/tencent/",
            headers: [
                ("Host", "sms.tencentcloudapi.com"), ("Content-Type", "application/json; charset=utf-8"),
                ("X-TC-Action", "SendSms"), ("X-TC-Version", "2021-01-11"), ("X-TC-Region", "ap-guangzhou"),
                ("X-TC-Timestamp", "1700000000"),
                (
                    "Authorization",
                    "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2023-11-14/sms/tc3_request, "
                        + "SignedHeaders=content-type;host;x-tc-action, "
                        + "Signature=b7cfd10fc378c72df9358f3c1ff237d3a658c35e113fe174c8ef5a1f4daf3559"
                ),
            ],
            body: Array(tencentBody.utf8)
        )
    }

    private static func acs3Vector(_ url: String) -> HTTPRequest {
        let names =
            "content-type;host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
        return HTTPRequest(
            url: url + "/aliyun/",
            headers: [
                ("Host", "dysmsapi.aliyuncs.com"), ("content-type", "application/x-www-form-urlencoded"),
                ("x-acs-action", "SendSms"), ("x-acs-version", "2017-05-25"),
                ("x-acs-date", "2023-11-14T22:13:20Z"),
                ("x-acs-signature-nonce", "00000000000000000000000000000001"),
                ("x-acs-content-sha256", "c8227320e643088796b789663626a7f4d477e656b0b2ab37ca6cb32a6916ccf6"),
                (
                    "authorization",
                    "ACS3-HMAC-SHA256 Credential=testId,SignedHeaders=\(names),"
                        + "Signature=ca3255dfec3661097e10a07760be375a06c287d56df0b6963a100f8377f2858b"
                ),
            ],
            body: Array(
                ("PhoneNumbers=13711112222&SignName=demo&TemplateCode=SMS_1"
                    + "&TemplateParam=%7B%22code%22%3A%221234%22%7D&OutId=t-1")
                    .utf8
            )
        )
    }

    private static func rpcVector(_ url: String) -> HTTPRequest {
        let form =
            "Action=SendSms&Format=JSON&OutId=t-1&PhoneNumbers=13711112222&RegionId=cn-hangzhou&SignName=demo"
            + "&SignatureMethod=HMAC-SHA1&SignatureNonce=n-1&SignatureVersion=1.0&TemplateCode=SMS_1"
            + "&TemplateParam=%7B%22code%22%3A%2212%203%2A4~5%22%7D&Timestamp=2023-11-14T22%3A13%3A20Z"
            + "&Version=2017-05-25&AccessKeyId=testId&Signature=xx3SeuJJRbG2hRMYIHZ5Nta%2FuUw%3D"
        return HTTPRequest(
            url: url + "/aliyun/",
            headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(form.utf8)
        )
    }

    @Test func `Tencent's vector is taken`() async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            let answer = try await simulator.http.send(Self.tencentVector(simulator.url))
            #expect(answer.status == 200)
            #expect(answer.text.contains(#""Code":"Ok""#))
            #expect(answer.text.contains(#""SessionContext":"t-1""#))
        }
    }

    @Test(
        arguments: [
            ("X-TC-Timestamp", "1700000001", "AuthFailure.SignatureFailure"),
            ("X-TC-Timestamp", "1699999699", "AuthFailure.SignatureExpire"),
            ("X-TC-Timestamp", "1700000301", "AuthFailure.SignatureExpire"),
            ("X-TC-Timestamp", nil, "MissingParameter"),
            ("Host", "sms.example.com", "AuthFailure.SignatureFailure"),
            ("Content-Type", "application/json", "AuthFailure.SignatureFailure"),
            ("Content-Type", "text/plain", "UnsupportedProtocol"),
            ("X-TC-Action", "PullSmsSendStatus", "AuthFailure.SignatureFailure"),
            ("X-TC-Version", "2019-07-11", "NoSuchVersion"),
            ("X-TC-Region", "mars", "UnsupportedOperation.UnsuportedRegion"),
            ("Authorization", nil, "AuthFailure.InvalidAuthorization"),
            ("Authorization", "TC3-HMAC-SHA256 nonsense", "AuthFailure.InvalidAuthorization"),
            (
                "Authorization",
                "TC3-HMAC-SHA256 Credential=WHO/2023-11-14/sms/tc3_request, SignedHeaders=content-type;host, Signature=0",
                "AuthFailure.SecretIdNotFound"
            ),
            (
                "Authorization",
                "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2023-11-15/sms/tc3_request, SignedHeaders=content-type;host, Signature=0",
                "AuthFailure.SignatureFailure"
            ),
            (
                "Authorization",
                "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2023-11-14/sms/tc3_request, SignedHeaders=host, Signature=0",
                "AuthFailure.SignatureFailure"
            ),
        ] as [(String, String?, String)]
    )
    func `Tencent's vector with one field changed is refused`(
        name: String,
        value: String?,
        code: String
    ) async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            var request = Self.tencentVector(simulator.url)
            request.set(name, value)
            let answer = try await simulator.http.send(request)
            #expect(answer.status == 200)
            #expect(answer.text.contains("\"Code\":\"\(code)\""), "\(answer.text)")
            #expect(try await simulator.stats().contains(#""accepted":0"#))
        }
    }

    @Test func `one byte of the body changed is refused`() async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            var tencent = Self.tencentVector(simulator.url)
            tencent.body[30] ^= 1
            let refusal = try await simulator.http.send(tencent)
            #expect(refusal.text.contains("AuthFailure.SignatureFailure"))
            var aliyun = Self.acs3Vector(simulator.url)
            aliyun.body[15] ^= 1
            let other = try await simulator.http.send(aliyun)
            #expect(other.status == 400)
            #expect(other.text.contains("SignatureDoesNotMatch"))
        }
    }

    /// The vectors lack the template's variable, which is found out only behind the signature.
    @Test func `Aliyun's vectors pass the gateway, once each`() async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            for request in [Self.acs3Vector(simulator.url), Self.rpcVector(simulator.url)] {
                let answer = try await simulator.http.send(request)
                #expect(answer.status == 200)
                #expect(answer.text.contains("isv.TEMPLATE_MISSING_PARAMETERS"), "\(answer.text)")
                let again = try await simulator.http.send(request)
                #expect(again.status == 400)
                #expect(again.text.contains("SignatureNonceUsed"))
            }
        }
    }

    @Test(
        arguments: [
            ("x-acs-date", "2023-11-14T22:13:21Z", "SignatureDoesNotMatch"),
            ("x-acs-date", "2023-11-14T21:58:19Z", "InvalidTimeStamp.Expired"),
            ("x-acs-date", "2023-11-14T22:28:21Z", "InvalidTimeStamp.Expired"),
            ("x-acs-date", "yesterday", "InvalidTimeStamp.Format"),
            ("x-acs-signature-nonce", "2", "SignatureDoesNotMatch"),
            ("x-acs-action", "SendBatchSms", "SignatureDoesNotMatch"),
            ("Host", "example.com", "SignatureDoesNotMatch"),
            ("x-acs-version", nil, "Missingx-acs-version"),
            ("authorization", "ACS3-HMAC-SHA256 x", "IncompleteSignature"),
            (
                "authorization", "ACS3-HMAC-SHA256 Credential=who,SignedHeaders=host,Signature=0",
                "InvalidAccessKeyId.NotFound"
            ),
            (
                "authorization", "ACS3-HMAC-SHA256 Credential=testId,SignedHeaders=host,Signature=0",
                "SignatureDoesNotMatch"
            ),
        ] as [(String, String?, String)]
    )
    func `Aliyun's vector with one field changed is refused`(
        name: String,
        value: String?,
        code: String
    ) async throws {
        try await RunningSimulator.use(Self.settings()) { simulator in
            var request = Self.acs3Vector(simulator.url)
            request.set(name, value)
            let answer = try await simulator.http.send(request)
            #expect(answer.status >= 400)
            #expect(answer.text.contains("\"Code\":\"\(code)\""), "\(answer.text)")
        }
    }

    @Test func `the account's next key works beside the present one, until either is revoked`() async throws {
        try await RunningSimulator.use { simulator in
            let account = SimulatorCredentials.demo.tencent
            let query = Array(#"{"Limit":100,"SmsSdkAppId":"\#(account.appID)"}"#.utf8)
            for key in [account.key, account.nextKey] {
                let answer = try await simulator.callTencent("PullSmsSendStatus", query, key: key)
                #expect(answer.text.contains("PullSmsSendStatusSet"))
            }
            let revoked = try await simulator.post(
                "/_sim/tokens/revoke",
                #"{"access_key":"\#(account.key.accessKey)"}"#
            )
            #expect(revoked.status == 200)
            let old = try await simulator.callTencent("PullSmsSendStatus", query, key: account.key)
            #expect(old.text.contains("AuthFailure.SecretIdNotFound"))
            let next = try await simulator.callTencent("PullSmsSendStatus", query, key: account.nextKey)
            #expect(next.text.contains("PullSmsSendStatusSet"))
            #expect(try await simulator.post("/_sim/tokens/revoke", #"{"access_key":"x"}"#).status == 404)
        }
    }
}
