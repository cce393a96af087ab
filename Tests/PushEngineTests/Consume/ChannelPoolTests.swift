import Testing

@testable import PushEngine

struct ChannelPoolTests {
    @Test func `no more seats are taken than there are`() async {
        let pool = ChannelPool(width: 2)
        #expect(await pool.take())
        #expect(await pool.take())
        #expect(pool.taken == 2)
        async let third = pool.take()
        pool.give()
        #expect(await third)
        #expect(pool.taken == 2)
    }

    @Test func `more seats let those in who wait`() async {
        let pool = ChannelPool(width: 1)
        #expect(await pool.take())
        async let second = pool.take()
        async let third = pool.take()
        pool.width = 3
        #expect(await [second, third] == [true, true])
        #expect(pool.taken == 3)
    }

    @Test func `fewer seats let those finish who have one`() async {
        let pool = ChannelPool(width: 3)
        for _ in 0..<3 { #expect(await pool.take()) }
        pool.width = 1
        #expect(pool.taken == 3)
        pool.give()
        pool.give()
        pool.give()
        #expect(await pool.take())
        #expect(pool.taken == 1)
    }

    @Test func `whoever is cancelled while waiting takes no seat`() async {
        let pool = ChannelPool(width: 1)
        #expect(await pool.take())
        let waiting = Task { await pool.take() }
        waiting.cancel()
        #expect(await waiting.value == false)
        pool.give()
        #expect(pool.taken == 0)
    }

    @Test func `a pool has at least one seat`() {
        #expect(ChannelPool(width: 0).width == 1)
    }
}
