import Groundwork
import PushEngine
import Testing

@testable import Suppliers

/// The suppliers' published vectors, and our own computed apart from this code.
@Suite struct TC3SignerTests {
    private static let contentType = "application/json; charset=utf-8"
    private static let published =
        #"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#

    private func canonical(host: String, action: String?, body: String) -> String {
        let fields = TC3Signer.fields(host: host, contentType: Self.contentType, action: action)
        return TC3Signer.canonicalRequest(fields, body: Array(body.utf8))
    }

    @Test func `A: the published example, without the action`() {
        let host = "cvm.tencentcloudapi.com"
        let moment = Moment(secondsSinceEpoch: 1_551_113_065)
        let signer = TC3Signer(
            secretID: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
            secretKey: Secret("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"),
            service: "cvm"
        )
        let payload = RequestSigning.sha256Hex(Self.published.utf8)
        #expect(payload == "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064")
        let canonical = canonical(host: host, action: nil, body: Self.published)
        let hash = RequestSigning.sha256Hex(canonical.utf8)
        #expect(hash == "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031")
        let signature = "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
        #expect(signer.signature(canonical, at: moment) == signature)
        let authorization = signer.authorization(
            host: host,
            contentType: Self.contentType,
            action: nil,
            body: Array(Self.published.utf8),
            at: moment
        )
        let expected =
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
            + "SignedHeaders=content-type;host, Signature=\(signature)"
        #expect(authorization == expected)
    }

    @Test func `B: the published example, with the action`() {
        let signer = TC3Signer(
            secretID: "AKID",
            secretKey: Secret(String(repeating: "*", count: 32)),
            service: "cvm"
        )
        let canonical = canonical(
            host: "cvm.tencentcloudapi.com",
            action: "DescribeInstances",
            body: Self.published
        )
        let hash = RequestSigning.sha256Hex(canonical.utf8)
        #expect(hash == "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84")
        let signature = signer.signature(canonical, at: Moment(secondsSinceEpoch: 1_551_113_065))
        #expect(signature == "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f")
    }

    @Test(arguments: [
        (
            "SendSms",
            #"{"PhoneNumberSet":["+8613711112222"],"SmsSdkAppId":"1400006666","SignName":"demo","TemplateId":"1234","TemplateParamSet":["12345"],"SessionContext":"t-1"}"#,
            "ed95d92c056c14efa37ace5ff02733ad5f3793f3ff873ee17adb2a0f1b1deac6",
            "b7cfd10fc378c72df9358f3c1ff237d3a658c35e113fe174c8ef5a1f4daf3559"
        ),
        (
            "PullSmsSendStatus", #"{"Limit":100,"SmsSdkAppId":"1400006666"}"#,
            "8de1ebf86b9ce2177edbec3696adc540d4e5faef4f98772b14be5971083f5df1",
            "783e57da96e475a21a15908f954e7f6a92e798131f9b0ffa4a0f5e229b5f664b"
        ),
    ])
    func `C and D: the SMS service`(action: String, body: String, payload: String, signature: String) {
        let signer = TC3Signer(secretID: "AKIDEXAMPLE", secretKey: Secret("SECRETEXAMPLE"), service: "sms")
        let canonical = canonical(host: "sms.tencentcloudapi.com", action: action, body: body)
        #expect(RequestSigning.sha256Hex(body.utf8) == payload)
        if action == "SendSms" {
            let hash = RequestSigning.sha256Hex(canonical.utf8)
            #expect(hash == "8d39616f62ed9b207267ace2ac120711c0b691b352287b57bc26aa03660744bc")
        }
        #expect(signer.signature(canonical, at: Moment(secondsSinceEpoch: 1_700_000_000)) == signature)
    }

    @Test func `the day's key is derived anew when the day changes in UTC, and not at midnight in China`() {
        func fresh(_ moment: Moment) -> String {
            TC3Signer(secretID: "i", secretKey: Secret("k"), service: "sms").signature("x", at: moment)
        }
        let signer = TC3Signer(secretID: "i", secretKey: Secret("k"), service: "sms")
        // 2023-11-14T23:59:59Z, a second later, 16:00:00Z (midnight in China), and back a day.
        for seconds in [1_700_006_399, 1_700_006_400, 1_700_064_000, 1_699_977_600, 1_700_006_399] as [Int64]
        {
            let moment = Moment(secondsSinceEpoch: seconds)
            #expect(signer.signature("x", at: moment) == fresh(moment))
        }
    }
}

@Suite struct AliyunRPCSignerTests {
    @Test func `A: the published DescribeRegions`() {
        let signer = AliyunRPCSigner(keyID: "testid", secret: Secret("testsecret"))
        let signature = signer.signature(
            method: "GET",
            [
                ("AccessKeyId", "testid"), ("Action", "DescribeRegions"), ("Format", "XML"),
                ("SignatureMethod", "HMAC-SHA1"), ("SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"),
                ("SignatureVersion", "1.0"), ("Timestamp", "2016-02-23T12:46:24Z"), ("Version", "2014-05-26"),
            ]
        )
        #expect(signature == "OLeaidS1JvxuMvnyHOwuJ+uX5qY=")
        #expect(PercentEncoding.encoded(signature) == "OLeaidS1JvxuMvnyHOwuJ%2BuX5qY%3D")
    }

    @Test func `B: the published SendSms`() {
        let signer = AliyunRPCSigner(keyID: "testId", secret: Secret("testSecret"))
        let signature = signer.signature(
            method: "GET",
            [
                ("AccessKeyId", "testId"), ("Action", "SendSms"), ("Format", "XML"), ("OutId", "123"),
                ("PhoneNumbers", "15300000001"), ("RegionId", "cn-hangzhou"), ("SignName", "阿里云短信测试专用"),
                ("SignatureMethod", "HMAC-SHA1"), ("SignatureNonce", "45e25e9b-0a6f-4070-8c85-2956eda1b466"),
                ("SignatureVersion", "1.0"), ("TemplateCode", "SMS_71390007"),
                ("TemplateParam", #"{"customer":"test"}"#), ("Timestamp", "2017-07-12T02:42:19Z"),
                ("Version", "2017-05-25"),
            ]
        )
        #expect(signature == "zJDF+Lrzhj/ThnlvIToysFRq6t4=")
    }

    @Test func `C: a POST with characters that the encoding has opinions on`() {
        let signer = AliyunRPCSigner(keyID: "testId", secret: Secret("testSecret"))
        let business = [
            (name: "OutId", value: "t-1"), (name: "PhoneNumbers", value: "13711112222"),
            (name: "RegionId", value: "cn-hangzhou"), (name: "SignName", value: "demo"),
            (name: "TemplateCode", value: "SMS_1"),
            (name: "TemplateParam", value: #"{"code":"12 3*4~5"}"#),
        ]
        let signed = signer.signedParameters(
            business,
            action: "SendSms",
            version: "2017-05-25",
            at: Moment(secondsSinceEpoch: 1_700_000_000),
            nonce: "n-1"
        )
        let text =
            "POST&%2F&AccessKeyId%3DtestId%26Action%3DSendSms%26Format%3DJSON%26OutId%3Dt-1%26PhoneNumbers"
            + "%3D13711112222%26RegionId%3Dcn-hangzhou%26SignName%3Ddemo%26SignatureMethod%3DHMAC-SHA1%26"
            + "SignatureNonce%3Dn-1%26SignatureVersion%3D1.0%26TemplateCode%3DSMS_1%26TemplateParam%3D%257B"
            + "%2522code%2522%253A%252212%25203%252A4~5%2522%257D%26Timestamp%3D2023-11-14T22%253A13%253A20Z"
            + "%26Version%3D2017-05-25"
        #expect(AliyunRPCSigner.stringToSign(method: "POST", signed.dropLast()) == text)
        #expect(signed.last?.value == "xx3SeuJJRbG2hRMYIHZ5Nta/uUw=")
    }

    @Test(arguments: [
        (" ", "%20"), ("*", "%2A"), ("~", "~"), ("+", "%2B"), ("/", "%2F"), ("'", "%27"), ("(", "%28"),
        (")", "%29"), ("!", "%21"), ("\"", "%22"), ("中", "%E4%B8%AD"), ("-_.", "-_."), ("aZ09", "aZ09"),
    ])
    func `the encoding is the one that is signed`(text: String, encoded: String) {
        #expect(PercentEncoding.encoded(text) == encoded)
    }
}

@Suite struct ACS3SignerTests {
    private func check(
        _ signer: ACS3Signer,
        _ request: ACS3Signer.Request,
        _ fields: [(name: String, value: String)],
        hash: String,
        signature: String
    ) {
        let canonical = ACS3Signer.canonicalRequest(request, fields: fields)
        #expect(RequestSigning.sha256Hex(canonical.utf8) == hash)
        #expect(signer.signature(canonical) == signature)
    }

    @Test func `A: the published RunInstances`() {
        let signer = ACS3Signer(keyID: "YourAccessKeyId", secret: Secret("YourAccessKeySecret"))
        let request = ACS3Signer.Request(
            action: "RunInstances",
            version: "2014-05-26",
            host: "ecs.cn-shanghai.aliyuncs.com",
            query: "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
        )
        let moment = Moment(secondsSinceEpoch: 1_698_315_752)
        let nonce = "3156853299f313e23d1673dc12e1703d"
        let fields = ACS3Signer.fields(request, at: moment, nonce: nonce)
        #expect(fields.contains { $0.name == "x-acs-date" && $0.value == "2023-10-26T10:22:32Z" })
        let names = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
        #expect(fields.map(\.name).joined(separator: ";") == names)
        check(
            signer,
            request,
            fields,
            hash: "7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259",
            signature: "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        )
        let signed = signer.signedFields(request, at: moment, nonce: nonce)
        let authorization =
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=\(names),"
            + "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        #expect(signed.last?.value == authorization)
    }

    @Test func `B: parameters in the query`() {
        let request = ACS3Signer.Request(
            action: "SendSms",
            version: "2017-05-25",
            host: "dysmsapi.aliyuncs.com",
            query: "OutId=t-1&PhoneNumbers=13711112222&SignName=demo&TemplateCode=SMS_1"
                + "&TemplateParam=%7B%22code%22%3A%221234%22%7D"
        )
        check(
            ACS3Signer(keyID: "testId", secret: Secret("testSecret")),
            request,
            ACS3Signer.fields(
                request,
                at: Moment(secondsSinceEpoch: 1_700_000_000),
                nonce: "00000000000000000000000000000001"
            ),
            hash: "0d3c6ce60f98dc804ab8074ea916fd53e40cd20cf16804c99a0a340a720af46f",
            signature: "139b17c177af6365a08e9bdbf319c18c87cb8848694b2693fab9bdb44ba44dc0"
        )
    }

    @Test func `C: parameters in a form body`() {
        let parameters = [
            (name: "PhoneNumbers", value: "13711112222"), (name: "SignName", value: "demo"),
            (name: "TemplateCode", value: "SMS_1"), (name: "TemplateParam", value: #"{"code":"1234"}"#),
            (name: "OutId", value: "t-1"),
        ]
        let request = ACS3Signer.Request(
            action: "SendSms",
            version: "2017-05-25",
            host: "dysmsapi.aliyuncs.com",
            contentType: "application/x-www-form-urlencoded",
            body: PercentEncoding.formBytes(parameters)
        )
        let bodyHash = "c8227320e643088796b789663626a7f4d477e656b0b2ab37ca6cb32a6916ccf6"
        #expect(RequestSigning.sha256Hex(request.body) == bodyHash)
        check(
            ACS3Signer(keyID: "testId", secret: Secret("testSecret")),
            request,
            ACS3Signer.fields(
                request,
                at: Moment(secondsSinceEpoch: 1_700_000_000),
                nonce: "00000000000000000000000000000001"
            ),
            hash: "330f8a6e913f6736bd2706908f71d8d689b3928b909600f3a6fabbf66241273e",
            signature: "ca3255dfec3661097e10a07760be375a06c287d56df0b6963a100f8377f2858b"
        )
    }
}
