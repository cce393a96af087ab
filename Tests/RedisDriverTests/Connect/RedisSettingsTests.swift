import Groundwork
import RedisDriver
import Testing

@Suite struct RedisSettingsTests {
    @Test func `an address names server, login and database`() throws {
        let plain = try RedisSettings(address: "redis://cache")
        #expect(plain.place == .server(RedisSettings.Host(name: "cache", port: 6_379)))
        #expect(plain.password.isEmpty && plain.database == 0)
        let full = try RedisSettings(address: "redis://kpush:p%40ss:w@[::1]:7000/3")
        #expect(full.place == .server(RedisSettings.Host(name: "::1", port: 7_000)))
        #expect(full.user == "kpush" && full.password.reveal() == "p@ss:w" && full.database == 3)
        #expect(!"\(full)".contains("p@ss"))
        #expect(try RedisSettings(address: "redis://:pw@cache:1/").user == "")
    }

    @Test func `an address names sentinels and their master`() throws {
        let settings = try RedisSettings(address: "redis-sentinel://:pw@a:1,b/main/2")
        let hosts = [RedisSettings.Host(name: "a", port: 1), RedisSettings.Host(name: "b", port: 26_379)]
        #expect(settings.place == .sentinels(hosts, master: "main"))
        #expect(settings.database == 2 && "\(settings.place)" == "main of a:1,b:26379")
    }

    @Test(arguments: [
        ("http://cache", RedisAddressError.scheme), ("cache:6379", .scheme), ("redis://", .host),
        ("redis://:6379", .host), ("redis://cache:0", .port), ("redis://cache:x", .port),
        ("redis://cache/x", .database), ("redis://cache/1/2", .database), ("redis://cache/-1", .database),
        ("redis://name@cache", .login), ("redis-sentinel://a:1", .master),
        ("redis-sentinel://a:1//0", .master),
    ])
    func `a wrong address is refused with what is wrong`(address: String, error: RedisAddressError) {
        #expect(throws: error) { try RedisSettings(address: address) }
    }
}
