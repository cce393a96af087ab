import Crypto
import CryptoExtras
import Foundation
import Groundwork
import Testing

@testable import Suppliers

@Suite struct DKIMSignerTests {
    // The example of RFC 6376, 3.4.5.
    @Test func `header and body have the relaxed form that is published`() {
        #expect(DKIMSigner.relaxed("A", " X") == "a:X")
        #expect(DKIMSigner.relaxed("B ".trimmingCharacters(in: .whitespaces), " Y\t\r\n\tZ  ") == "b:Y Z")
        let body = Array(" C \r\nD \t E\r\n\r\n\r\n".utf8)
        #expect(DKIMSigner.relaxed(body: body) == Array(" C\r\nD E\r\n".utf8))
    }

    @Test(
        arguments: [
            ("", ""), ("\r\n\r\n", ""), ("a", "a\r\n"), ("a\r\n\r\n", "a\r\n"),
            ("a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"),
            ("a  \t b \r\n", "a b\r\n"), ("a\nb\n", "a\r\nb\r\n"), (" \r\n \r\n", ""),
        ]
    )
    func `a body in relaxed form has single blanks and no empty end`(body: String, form: String) {
        #expect(DKIMSigner.relaxed(body: Array(body.utf8)) == Array(form.utf8))
    }

    @Test func `keys in the usual spellings sign, others do not`() throws {
        let edwards = Curve25519.Signing.PrivateKey()
        let seed = edwards.rawRepresentation.base64EncodedString()
        let head = "MC4CAQAwBQYDK2VwBCIEI"
        let wrapped = Data(base64Encoded: head + "AAA").map(Array.init)?.dropLast(2) ?? []
        let pem = Data(wrapped + edwards.rawRepresentation).base64EncodedString()
        let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let good = [
            seed, "-----BEGIN PRIVATE KEY-----\n\(pem)\n-----END PRIVATE KEY-----\n", rsa.pemRepresentation,
            rsa.pemRepresentation.replacing("\n", with: "\r\n"),
        ]
        for (place, key) in good.enumerated() {
            let signer = DKIMSigner(domain: "example.org", selector: "s1", key: Secret(key))
            #expect(signer != nil, "\(place)")
        }
        let short = try _RSA.Signing.PrivateKey(unsafeKeySize: _RSA.Signing.KeySize(bitCount: 1_024))
        for key in ["", "secret", "AAAA", short.pemRepresentation, rsa.publicKey.pemRepresentation] {
            #expect(DKIMSigner(domain: "example.org", selector: "s1", key: Secret(key)) == nil)
        }
    }
}
