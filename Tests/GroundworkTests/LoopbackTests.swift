import Groundwork
import Testing

/// Which hosts only this machine can reach.
@Suite struct LoopbackTests {
    @Test(arguments: ["localhost", "::1", "127.0.0.1", "127.255.255.254"])
    func `these are this machine`(host: String) {
        #expect(host.isLoopbackHost)
    }

    @Test(arguments: [
        "", "0.0.0.0", "::", "128.0.0.1", "10.127.0.1", "127", "127.0.0", "127.0.0.256", "127.0.0.1.2",
        "127.example.com", "127.0.0.1.example.com", "localhost.example.com",
    ])
    func `others may reach these`(host: String) {
        #expect(!host.isLoopbackHost)
    }
}
