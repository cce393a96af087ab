import Testing

@testable import Executor

@Suite struct WebAddressTests {
    @Test(arguments: [
        ("http://a.com", "http://a.com/"), ("http://a.com", "http://A.com:80/x?y=z"),
        ("http://a.com", "http://a.com?q"),
        ("https://a.com/jobs", "https://a.com:443/jobs"), ("https://a.com/jobs/", "https://a.com/jobs"),
        ("https://a.com/jobs", "https://a.com/jobs/1?x=.."), ("https://a.com/jobs", "https://a.com/%6aobs/1"),
        ("http://a.com:81/x", "http://a.com:81/x/y"), ("http://[::1]:9/x", "http://[::1]:9/x"),
    ])
    func `what lies below an address is found there`(allowed: String, url: String) throws {
        #expect(try WebAddress(url).isBelow(WebAddress(allowed)))
    }

    @Test(arguments: [
        ("http://a.com", "https://a.com/"), ("http://a.com", "http://a.com.evil/"),
        ("http://a.com", "http://b.a.com/"),
        ("http://a.com", "http://a.co/"), ("http://a.com", "http://a.com:81/"),
        ("http://a.com:81", "http://a.com/"),
        ("http://a.com/jobs", "http://a.com/"), ("http://a.com/jobs", "http://a.com/jobsx"),
        ("http://a.com/jobs", "http://a.com//jobs"), ("http://a.com/jobs", "http://a.com/Jobs"),
        ("http://127.0.0.1", "http://127.1/"), ("http://a.com/jobs", "http://a.com/x/jobs"),
    ])
    func `what only looks like it is not`(allowed: String, url: String) throws {
        #expect(try !WebAddress(url).isBelow(WebAddress(allowed)))
    }

    @Test(arguments: [
        "http://a.com@evil.com/", "http://a.com:80@evil.com/", "http://user:secret@a.com/",
        "http://a.com\\@evil.com/",
        "http://a.com/jobs/../admin", "http://a.com/jobs/%2e%2e/admin", "http://a.com/jobs/.%2E/admin",
        "http://a.com/jobs/..;x=1/admin", "http://a.com/jobs/./x", "http://a.com/jobs%2f..%2fadmin",
        "http://a.com/jobs%5c..%5cadmin", "http://a.com/%00", "http://a.com/%zz", "http://a.com/%4",
        "http://a.com/a b",
        "http://a.com/x#@evil.com/", "http://a.com%2eevil.com/", "http://a.com:/", "http://a.com:0/",
        "http://a.com:70000/", "http://a.com:+80/", "http:///x", "http://", "http:a.com", "//a.com/",
        "ftp://a.com/",
        "file:///etc/passwd", "gopher://a.com/", "http://a..com/", "http://a.com./", "http://münchen.de/",
        "http://a.com/\r\nHost: evil", "http://[::1/", "http://[::1]x/", "http://a_b.com/",
        "http://a.com:80:81/", "",
    ])
    func `a URL that programs could read in different ways is refused`(url: String) {
        let error = #expect(throws: CallError.self) { _ = try WebAddress(url) }
        #expect(error?.field == "url")
    }

    @Test func `an address is called as it was compared`() throws {
        #expect(
            try WebAddress("HTTP://A.com/x%20y?z=1&b=%2e%2e").text == "http://a.com:80/x%20y?z=1&b=%2e%2e"
        )
        #expect(try WebAddress("https://a.com").text == "https://a.com:443/")
        #expect(try WebAddress("http://a.com?a=1").adding(query: "b=2").text == "http://a.com:80/?a=1&b=2")
    }
}
