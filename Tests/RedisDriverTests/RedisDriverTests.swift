import RedisDriver
import Testing

@Suite struct RedisSettingsTests {
    @Test func `settings name the server`() {
        #expect(RedisSettings(address: "redis://127.0.0.1:6379").address.hasPrefix("redis://"))
    }
}
