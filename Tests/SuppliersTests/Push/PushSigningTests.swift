import Crypto
import Foundation
import Groundwork
import PushEngine
import SupplierSimulator
import TestKit
import Testing

@testable import Suppliers

/// What the suppliers of app push are signed with: published samples, and vectors computed apart from this code.
@Suite struct PushSigningTests {
    private static let clock = ManualClock(Moment(secondsSinceEpoch: 1_700_000_000))

    /// RFC 7515, appendix A.2: an RSA signature is the same each time.
    private static let sampleKey = Secret(
        """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXO
        jS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL
        aYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn
        juygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5
        ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkf
        toaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHg
        VFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyW
        PEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/G
        O+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzj
        kn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6
        XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB
        4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0K
        pLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr
        0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqE
        lMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6
        kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAP
        rq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNw
        kgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp
        5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7CXgwo59dkpN75gJLVds2
        9+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/
        evpitUf+4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcG
        yoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoRjaZj
        OYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2
        tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3
        ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A56
        03k2+ZQwVK0JKSHuLFkuQ3U=
        -----END PRIVATE KEY-----
        """
    )

    @Test(arguments: ["\n", "\\n", "", "\r\n", " "])
    func `RS256 signs as the published sample, however the key's lines are broken`(lineBreak: String) throws {
        let input =
            "eyJhbGciOiJSUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let key = Secret(Self.sampleKey.reveal().replacing("\n", with: lineBreak))
        let token = try FCMTokenSource.signed(input, with: key)
        #expect(
            token.reveal() == input + "."
                + "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF"
                + "5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK"
                + "5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqt"
                + "FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
                + "p0igcN_IoypGlUPQGe77Rw"
        )
    }

    @Test func `what is signed for Google is the vector`() {
        let account = PushAccounts.account(
            .fcm,
            url: "https://fcm.googleapis.com",
            ["projectId": "p", "clientEmail": "svc@demo.iam.gserviceaccount.com"],
            ["privateKey": "x"]
        )
        let source = FCMTokenSource(account, PushAccounts.tools(ScriptedHTTPClient()))
        #expect(
            source.signingInput(at: Moment(secondsSinceEpoch: 1_700_000_000))
                == "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdmNAZGVtby5pYW0uZ3NlcnZpY2VhY2NvdW50LmNvbSIs"
                + "InNjb3BlIjoiaHR0cHM6Ly93d3cuZ29vZ2xlYXBpcy5jb20vYXV0aC9maXJlYmFzZS5tZXNzYWdpbmciLCJhdWQiOiJodHRw"
                + "czovL29hdXRoMi5nb29nbGVhcGlzLmNvbS90b2tlbiIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAzNjAwfQ"
        )
    }

    @Test
    func `what is signed for Apple is the vector, and the signature is 64 bytes that the public key takes`()
        async throws
    {
        let key = P256.Signing.PrivateKey()
        let account = PushAccounts.account(
            .apns,
            ["teamId": "DEF123GHIJ", "keyId": "ABC123DEFG", "topic": "t"],
            ["privateKey": key.pemRepresentation]
        )
        let source = APNsTokenSource(account, Self.clock.calendar)
        let token = try await source.fetchToken(isAfterRejection: false)
        let parts = token.value.reveal().split(separator: ".")
        let input =
            "eyJhbGciOiJFUzI1NiIsImtpZCI6IkFCQzEyM0RFRkcifQ.eyJpc3MiOiJERUYxMjNHSElKIiwiaWF0IjoxNzAwMDAwMDAwfQ"
        #expect(parts.prefix(2).joined(separator: ".") == input)
        #expect(token.lifetime == .seconds(2_400))
        let base64 = String(parts[2]).replacing("-", with: "+").replacing("_", with: "/") + "=="
        let bytes = try #require(Data(base64Encoded: base64))
        #expect(bytes.count == 64)
        let signature = try P256.Signing.ECDSASignature(rawRepresentation: bytes)
        #expect(key.publicKey.isValidSignature(signature, for: Array(input.utf8)))
    }

    @Test(arguments: [SupplierKind.fcm, .apns])
    func `a key that is none is the account's fault, and nothing of it is told`(kind: SupplierKind) async {
        let account = PushAccounts.account(kind, ["teamId": "t"], ["privateKey": "-----BEGIN secret-stuff"])
        let http = ScriptedHTTPClient()
        let supplier = PushAccounts.supplier(account, http)
        let verdict = await supplier.send(PushAccounts.call("ab")).verdicts[0]
        #expect(verdict.fault == .badConfig)
        #expect(!"\(verdict)".contains("secret-stuff"))
        #expect(http.requests.isEmpty)
    }

    @Test func `GeTui's sign is the vector`() {
        let sign = GeTuiTokenSource.signature(
            appKey: "appkeyEXAMPLE",
            timestamp: "1700000000000",
            masterSecret: Secret("mastersecretEXAMPLE")
        )
        #expect(sign == "884d63aacb736c3d58228dacfaf03f05f9f4fd66ae2ee7cf30c44179cf6bc83c")
    }

    @Test func `Huawei's callback value is the vector`() {
        let value = HuaweiReceipts.signature(
            Secret("cbkey"),
            timestamp: "1700000000000",
            nonce: "nonce01",
            user: "push-user"
        )
        #expect(value == "LQHJBW+Ljh+25wa3zQjglNyK6VtUtQrpvT42qtOVYC4=")
    }
}
