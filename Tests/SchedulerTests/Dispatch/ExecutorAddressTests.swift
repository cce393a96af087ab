import TestKit
import Testing

@testable import Scheduler

struct ExecutorAddressTests {
    @Test(
        arguments: [
            ("http://10.0.0.5:9999/", "http://10.0.0.5:9999"),
            ("http://10.0.0.5:9999", "http://10.0.0.5:9999"),
            (" HTTPS://Host.Example/jobs//", "https://host.example/jobs"),
            ("http://[::1]:9999/", "http://[::1]:9999"),
            ("http://host/Path/Prefix/", "http://host/Path/Prefix"),
        ])
    func `one spelling is kept for one address`(text: String, url: String) {
        #expect(ExecutorAddress(text)?.url == url)
    }

    @Test(
        arguments: [
            "", "10.0.0.5:9999", "ftp://host/", "http://", "http:///run", "http://:9999",
            "file:///etc/passwd",
            "http://user:secret@host/", "http://host/?next=http://other", "http://host/#x", "http://a b/",
            "http://host\\@other/", "javascript:alert(1)", "http://host/\"><script>",
        ])
    func `what is no plain base URL is refused`(text: String) {
        #expect(ExecutorAddress(text) == nil)
    }
}
