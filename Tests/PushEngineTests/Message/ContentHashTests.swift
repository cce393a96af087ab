import TestKit
import Testing

@testable import PushEngine

@Suite struct ContentHashTests {
    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { ContentHash.of($0) }
    }

    @Test func `texts that differ have hashes that differ, at every length around a word`() {
        var texts: Set<[UInt8]> = [[]]
        for length in 1...40 {
            let text = [UInt8](repeating: 0x41, count: length)
            texts.insert(text)
            for place in 0..<length {
                var other = text
                other[place] = 0x42
                texts.insert(other)
            }
        }
        #expect(Set(texts.map(Self.hash)).count == texts.count)
    }

    @Test func `a bit of the text changes about half of the hash`() {
        var random = SeededGenerator(seed: 5)
        var changed = 0
        var rounds = 0
        for length in [1, 7, 8, 9, 24, 31] {
            let text = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            for bit in 0..<(length * 8) {
                var other = text
                other[bit / 8] ^= 1 << (bit % 8)
                changed += (Self.hash(text) ^ Self.hash(other)).nonzeroBitCount
                rounds += 1
            }
        }
        #expect((28...36).contains(changed / rounds))
    }

    @Test func `addresses that are no numbers have keys of their own, below zero`() {
        let keys = ["a@b.cn", "b@b.cn", "", "+", "+86x", "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"]
            .map { RecipientKey(address: $0).rawValue }
        #expect(Set(keys).count == keys.count)
        #expect(keys.allSatisfy { $0 < 0 })
        #expect(RecipientKey(address: "+8613800130100").rawValue == 8_613_800_130_100)
    }
}
