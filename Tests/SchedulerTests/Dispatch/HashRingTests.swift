import Testing

@testable import Scheduler

struct HashRingTests {
    /// What an independent tool computes.
    ///
    /// It is Python with its hashlib:
    ///
    /// ```
    /// import bisect, hashlib
    /// def h(text):
    ///     return int.from_bytes(hashlib.md5(text.encode()).digest()[:4], "little")
    /// def ring(addresses):
    ///     return sorted({h("SHARD-%s-NODE-%d" % (a, i)): a for a in addresses for i in range(100)}.items())
    /// def choose(ring, job):
    ///     return ring[bisect.bisect_left(ring, (h(str(job)),)) % len(ring)][1]
    /// java = ["http://10.0.0.%d:9999/" % n for n in (5, 6, 7)]
    /// go = ["http://10.0.0.%d:9999" % n for n in (5, 6, 7)]
    /// print(h("1"), h("2147483647"), h("SHARD-http://10.0.0.5:9999/-NODE-0"))
    /// for nodes in (java, go, java[:2]):
    ///     print(*[nodes.index(choose(ring(nodes), job)) for job in range(1, 41)], sep="")
    /// ```
    private static let golden: [(addresses: [String], choices: String)] = [
        (java, "0120021221010112101102021112220222001220"),
        (go, "2210122001011210000110000102212222002001"),
        (Array(java.prefix(2)), "0110001111010111101100011111010101001110"),
    ]

    private static let java = ["5", "6", "7"].map { "http://10.0.0.\($0):9999/" }
    private static let go = ["5", "6", "7"].map { "http://10.0.0.\($0):9999" }

    @Test func `a hash is what the first four bytes of MD5 are, the lowest first`() {
        #expect(HashRing.hash("1") == 943_901_380)
        #expect(HashRing.hash("2147483647") == 2_764_081_349)
        #expect(HashRing.hash("SHARD-http://10.0.0.5:9999/-NODE-0") == 2_704_496_570)
    }

    @Test func `the choice is that of the independent tool, for each way to spell addresses`() {
        for (addresses, choices) in Self.golden {
            let ring = HashRing(addresses)
            let chosen = (1...40).map { "\(ring.order(for: "\($0)")[0])" }
            #expect(chosen.joined() == choices)
        }
    }

    @Test func `a key's order names every executor once, and none of an empty ring`() {
        #expect(HashRing([]).order(for: "1").isEmpty)
        for count in 1...12 {
            let ring = HashRing((0..<count).map { "http://host\($0):9999" })
            for key in 0..<50 { #expect(ring.order(for: "\(key)").sorted() == Array(0..<count)) }
        }
    }

    @Test func `when an executor goes, only its keys move, each to the next in its order`() {
        let addresses = (0..<5).map { "http://host\($0):9999" }
        let ring = HashRing(addresses)
        for gone in addresses.indices {
            let rest = addresses.filter { $0 != addresses[gone] }
            let smaller = HashRing(rest)
            for key in 0..<200 {
                let before = ring.order(for: "\(key)")
                let expected = before[0] == gone ? before[1] : before[0]
                #expect(rest[smaller.order(for: "\(key)")[0]] == addresses[expected])
            }
        }
    }

    @Test func `keys are spread over executors`() {
        let ring = HashRing((0..<4).map { "http://host\($0):9999" })
        var counts = [0, 0, 0, 0]
        for key in 0..<4_000 { counts[ring.order(for: "\(key)")[0]] += 1 }
        for count in counts { #expect((500...1_600).contains(count), "\(counts)") }
    }
}
