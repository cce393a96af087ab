import CCurl
import Foundation
import Groundwork
import TestKit
import Testing

@testable import CurlDriver

/// Where a client that calls strangers' URLs does not go.
@Suite struct AddressGuardTests {
    private static func network(_ text: String) throws -> AddressNetwork {
        try #require(AddressNetwork(text))
    }

    private func guarded(_ allowed: String...) throws -> CurlHTTPClientSettings {
        var settings = CurlHTTPClientSettings()
        settings.addresses = AddressGuard(allowed: try allowed.map(Self.network))
        return settings
    }

    @Test(arguments: [
        ("127.0.0.1", "loopback"), ("127.255.255.255", "loopback"), ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"), ("10.1.2.3", "private"), ("172.16.0.1", "private"),
        ("172.31.255.255", "private"), ("192.168.1.1", "private"), ("169.254.1.1", "link-local"),
        ("169.254.169.254", "metadata"), ("100.100.100.200", "metadata"), ("168.63.129.16", "metadata"),
        ("100.64.0.1", "CGNAT"), ("100.127.255.255", "CGNAT"), ("192.0.0.192", "reserved"),
        ("192.0.2.1", "documentation"), ("198.19.0.1", "benchmarks"), ("224.0.0.1", "multicast"),
        ("239.1.1.1", "multicast"), ("255.255.255.255", "reserved"), ("240.0.0.1", "reserved"),
        ("::", "unspecified"), ("::1", "loopback"), ("::2", "reserved"), ("fe80::1", "link-local"),
        ("fec0::1", "private"), ("fd12::1", "private"), ("fd00:ec2::254", "metadata"),
        ("ff02::1", "multicast"),
        ("2001::1", "reserved"), ("2001:db8::1", "documentation"), ("3fff::1", "documentation"),
        ("100::1", "reserved"), ("5f00::1", "reserved"), ("64:ff9b:1::8.8.8.8", "private"),
        ("::ffff:127.0.0.1", "loopback"), ("::ffff:169.254.169.254", "metadata"), ("::127.0.0.1", "loopback"),
        ("::ffff:0:10.0.0.1", "private"), ("64:ff9b::10.0.0.1", "private"), ("2002:7f00:1::", "loopback"),
        ("2002:a00:1::5", "private"), ("2600::5efe:10.0.0.1", "private"),
        ("2600::200:5efe:127.0.0.1", "loopback"),
    ])
    func `an address that is not public is refused as what it is`(text: String, kind: String) throws {
        let address = try #require(IPAddress(text))
        let objection = try #require(AddressGuard().objection(to: address))
        #expect(objection.contains(kind), "\(objection)")
        #expect(objection.hasPrefix("\(address)"))
        #expect(objection.contains("addresses.allowed"))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
        "192.169.0.0", "223.255.255.255", "2001:4860:4860::8888", "2606:4700::1111", "2002:808:808::1",
        "64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "2001:200::1",
    ])
    func `a public address is not refused`(text: String) throws {
        #expect(AddressGuard().objection(to: try #require(IPAddress(text))) == nil)
    }

    @Test(arguments: [
        ("169.254.0.1", "link-local"), ("169.254.169.254", "metadata"), ("169.254.255.255", "link-local"),
        ("100.100.100.200", "metadata"), ("168.63.129.16", "metadata"), ("fd00:ec2::254", "metadata"),
        ("fd20:ce::254", "metadata"), ("fe80::1", "link-local"), ("febf::1", "link-local"),
        ("::ffff:169.254.169.254", "metadata"), ("::ffff:169.254.1.1", "link-local"),
        ("::169.254.1.1", "link-local"), ("::ffff:0:169.254.1.1", "link-local"),
        ("64:ff9b::169.254.169.254", "metadata"), ("2002:a9fe:a9fe::", "metadata"),
        ("2600::5efe:169.254.1.1", "link-local"),
    ])
    func `what is the machine's own is refused on the intranet too`(text: String, kind: String) throws {
        let address = try #require(IPAddress(text))
        let objection = try #require(AddressGuard.intranet.objection(to: address))
        #expect(objection.contains(kind), "\(objection)")
        #expect(objection.contains("addresses.allowed"))
    }

    @Test(arguments: [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.253.255.255", "169.255.0.0",
        "8.8.8.8", "::1", "fd12::1", "fec0::1", "2606:4700::1111", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1",
    ])
    func `the intranet may be called where that is meant`(text: String) throws {
        #expect(AddressGuard.intranet.objection(to: try #require(IPAddress(text))) == nil)
    }

    @Test func `networks that are allowed are not refused, however they are reached`() throws {
        let allowed = AddressGuard(allowed: [
            try Self.network("10.8.0.0/14"), try Self.network("fd00:1::/32"),
        ])
        for text in ["10.8.0.1", "10.11.255.255", "::ffff:10.9.0.1", "64:ff9b::10.8.0.1", "fd00:1:2::3"] {
            #expect(allowed.objection(to: try #require(IPAddress(text))) == nil, "\(text)")
        }
        for text in ["10.7.255.255", "10.12.0.0", "::ffff:10.12.0.1", "fd00:2::1", "127.0.0.1"] {
            #expect(allowed.objection(to: try #require(IPAddress(text))) != nil, "\(text)")
        }
    }

    @Test(arguments: [
        "", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0/8", "10.0.0.0/8/8", "::/129", "fd00::1/8",
        "host",
        "10.0.0.0/-1", "0x7f.1",
    ])
    func `what is no network is refused`(text: String) {
        #expect(AddressNetwork(text) == nil)
    }

    @Test func `a network is shown as it is written`() throws {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "fd00::/8", "::1/128"] {
            #expect("\(try Self.network(text))" == text)
        }
        #expect("\(try Self.network("10.1.2.3"))" == "10.1.2.3/32")
    }

    @Test(arguments: [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.01",
        "127.0.0.2",
        "localhost", "LOCALHOST", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "0.0.0.0", "0", "[::]", "user@127.0.0.1", "8.8.8.8@127.0.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1",
    ])
    func `no spelling of this host is called`(host: String) async throws {
        let server = try RawServer { _, connection in connection.answer("inside") }
        let client = CurlHTTPClient(settings: try guarded())
        let request = HTTPRequest(method: "GET", url: "http://\(host):\(server.port)/")
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        let isRefused = error?.code == .addressRefused && error?.detail.contains("addresses.allowed") == true
        // Not every resolver knows every name; what counts is that nobody was called.
        #expect(
            isRefused || error?.code == .unreachable || error?.code == .badURL,
            "\(String(describing: error))"
        )
        #expect(error?.mayHaveArrived == false)
        #expect(server.connectionCount == 0)
        client.shutdown()
        server.close()
    }

    @Test(arguments: ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"])
    func `the refusal names address and setting`(host: String) async throws {
        let client = CurlHTTPClient(settings: try guarded())
        let request = HTTPRequest(method: "GET", url: "http://\(host):1/")
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(error?.code == .addressRefused)
        let detail = try #require(error?.detail)
        #expect(detail.contains("127.0.0.1") || detail.contains("::1"))
        #expect(detail.hasSuffix("is loopback, and no network of addresses.allowed holds it"))
        client.shutdown()
    }

    @Test func `an allowed network is called, and a redirect out of it is not followed`() async throws {
        let inside = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.answer("inside")
        }
        let server = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.write(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:\(inside.port)/\r\nContent-Length: 0\r\n\r\n"
            )
        }
        let client = CurlHTTPClient(settings: try guarded("127.0.0.1"))
        let answer = try await client.send(HTTPRequest(method: "GET", url: server.url))
        #expect(answer.status == 302)
        #expect(inside.connectionCount == 0)
        // Whoever follows it by hand is stopped.
        let target = try #require(answer.headers.first { $0.name == "location" }?.value)
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest(method: "GET", url: target))
        }
        #expect(error?.code == .addressRefused)
        client.shutdown()
        server.close()
        inside.close()
    }

    @Test func `proxies that the environment names are not used`() async throws {
        // In a process of its own, for an environment is everybody's.
        await #expect(processExitsWith: .success) {
            let proxy = try RawServer { _, connection in connection.answer("through the proxy") }
            setenv("http_proxy", proxy.url, 1)
            setenv("ALL_PROXY", proxy.url, 1)
            var settings = CurlHTTPClientSettings()
            settings.addresses = AddressGuard()
            let client = CurlHTTPClient(settings: settings)
            let error = await #expect(throws: HTTPError.self) {
                try await client.send(HTTPRequest(method: "GET", url: "http://127.0.0.2:1/"))
            }
            #expect(error?.code == .addressRefused)
            #expect(proxy.connectionCount == 0)
        }
    }

    @Test func `a name that leads elsewhere the second time is judged anew`() throws {
        let server = try RawServer { _, connection in
            _ = connection.readRequest()
            // The next call has to connect again.
            connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        }
        let transfer = try #require(CurlTransfer(settings: try guarded("127.0.0.1")))
        let url = "http://rebind.example:\(server.port)/"
        func call(_ addresses: String) throws -> CURLcode {
            let call = try CurlCall(HTTPRequest(method: "GET", url: url))
            #expect(transfer.carry(call, remaining: .seconds(10)) == CURLE_OK)
            var names = curl_slist_append(nil, "-rebind.example:\(server.port)")
            names = curl_slist_append(names, "rebind.example:\(server.port):\(addresses)")
            defer { curl_slist_free_all(names) }
            _ = kpush_curl_set_list(transfer.handle, CURLOPT_RESOLVE, names)
            defer { _ = transfer.rest() }
            return curl_easy_perform(transfer.handle)
        }
        #expect(try call("127.0.0.1") == CURLE_OK)
        #expect(transfer.objection == nil)
        #expect(try call("127.0.0.2") == CURLE_COULDNT_CONNECT)
        #expect(transfer.objection?.hasPrefix("127.0.0.2 is loopback") == true)
        #expect(server.connectionCount == 1)
        // Of several addresses, the one that may be called is.
        #expect(try call("10.0.0.1,127.0.0.1") == CURLE_OK)
        #expect(server.connectionCount == 2)
        server.close()
    }

    @Test func `a client without a guard calls everybody`() async throws {
        let server = try RawServer { _, connection in
            _ = connection.readRequest()
            connection.answer("inside")
        }
        let client = CurlHTTPClient()
        #expect(try await client.send(HTTPRequest(method: "GET", url: server.url)).status == 200)
        client.shutdown()
        server.close()
    }
}
