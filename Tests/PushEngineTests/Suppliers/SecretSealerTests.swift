import Groundwork
import PushEngine
import Testing

/// Secrets on the disk.
struct SecretSealerTests {
    private let sealer: AESSealer

    init() throws {
        sealer = try AESSealer(key: AESSealer.newKey())
    }

    @Test(arguments: ["", "a", "密钥 with spaces", String(repeating: "x", count: 5_000)])
    func `what was sealed opens again`(text: String) throws {
        #expect(try sealer.open(sealer.seal(Secret(text))) == Secret(text))
    }

    @Test func `sealed bytes hold nothing of the secret and are never the same twice`() throws {
        let secret = Secret("correct horse battery staple")
        let first = try sealer.seal(secret)
        #expect(try sealer.seal(secret) != first)
        #expect(!String(decoding: first, as: UTF8.self).contains("horse"))
    }

    @Test func `another key does not open it`() throws {
        let sealed = try sealer.seal(Secret("a"))
        let other = try AESSealer(key: AESSealer.newKey())
        #expect(throws: SealError.broken) { try other.open(sealed) }
    }

    @Test func `what was changed or cut does not open`() throws {
        var sealed = try sealer.seal(Secret("a"))
        sealed[sealed.count - 1] ^= 1
        #expect(throws: SealError.broken) { try sealer.open(sealed) }
        #expect(throws: SealError.broken) { try sealer.open(Array(sealed.prefix(5))) }
        #expect(throws: SealError.broken) { try sealer.open([]) }
    }

    @Test(arguments: [0, 16, 31, 33])
    func `a key of another length is refused`(length: Int) {
        #expect(throws: SealError.badKey) { try AESSealer(key: [UInt8](repeating: 1, count: length)) }
    }

    @Test func `what a former key sealed is opened, and what is sealed anew needs it no more`() throws {
        let (old, new) = (AESSealer.newKey(), AESSealer.newKey())
        let sealed = try AESSealer(key: old).seal(Secret("kept"))
        let both = try AESSealer(key: new, former: [old])
        #expect(try both.open(sealed).matches("kept"))
        let anew = try both.seal(both.open(sealed))
        #expect(try AESSealer(key: new).open(anew).matches("kept"))
        #expect(throws: SealError.broken) { try AESSealer(key: new).open(sealed) }
        #expect(throws: SealError.broken) { try AESSealer(key: old).open(anew) }
        #expect(throws: SealError.badKey) { try AESSealer(key: new, former: [[1]]) }
    }
}
