/// Keeps a client that calls URLs of strangers' choosing out of this host and the networks around it.
///
/// An address is judged when a connection to it is about to be made: whatever a URL's host looks like, and whatever
/// its name was resolved to before, what counts is where the bytes would go. A redirect is an answer and is not
/// followed; whoever follows it has it judged as well. There is no proxy that could connect elsewhere.
public struct AddressGuard: Hashable, Sendable {
    /// Networks that may be called whatever they are.
    public var allowed: [AddressNetwork]
    /// Whether private networks and this host may be called as well: everything but what belongs to the machine itself.
    private let isForIntranet: Bool

    /// Makes a guard that lets calls out to public addresses and to some networks.
    public init(allowed: [AddressNetwork] = []) {
        self.allowed = allowed
        isForIntranet = false
    }

    private init(isForIntranet: Bool) {
        allowed = []
        self.isForIntranet = isForIntranet
    }

    /// Lets calls out to the intranet too, but neither to link-local addresses nor to the metadata services of clouds,
    /// which give away the host's own credentials.
    public static let intranet = AddressGuard(isForIntranet: true)

    /// Why an address may not be called, as a sentence; nil when it may.
    func objection(to address: IPAddress) -> String? {
        let target = address.embedded ?? address
        let isAllowed = allowed.contains { $0.contains(address) || $0.contains(target) }
        guard !isAllowed, let kind = kind(of: target) else { return nil }
        let shown = target == address ? "\(address)" : "\(address), which leads to \(target),"
        return "\(shown) is \(kind), and no network of addresses.allowed holds it"
    }

    /// What an address is that is out of bounds; nil for one that is not.
    private func kind(of address: IPAddress) -> String? {
        func kind(_ kinds: [(network: AddressNetwork, kind: String)]) -> String? {
            kinds.first { $0.network.contains(address) }?.kind
        }
        if let found = kind(Self.kindsOfMachine) { return found }
        if isForIntranet { return nil }
        if let found = kind(Self.kindsNotPublic) { return found }
        // Of version 6, one eighth is given out to the public (2000::/3).
        let isPublic = address.bytes.count == 4 || address.bytes[0] >> 5 == 1
        return isPublic ? nil : "reserved"
    }

    /// What only the machine that a program runs on is to reach.
    private static let kindsOfMachine = networks([
        ("169.254.169.254", "a cloud's metadata service"), ("100.100.100.200", "a cloud's metadata service"),
        ("168.63.129.16", "a cloud's metadata service"), ("fd00:ec2::/32", "a cloud's metadata service"),
        ("fd20:ce::254", "a cloud's metadata service"), ("169.254.0.0/16", "link-local"),
        ("fe80::/10", "link-local"),
    ])

    /// What not everybody on the internet can be reached at (the registries of special addresses of both versions,
    /// RFC 6890).
    private static let kindsNotPublic = networks([
        ("0.0.0.0/8", "unspecified"), ("10.0.0.0/8", "private"), ("100.64.0.0/10", "a carrier's own (CGNAT)"),
        ("127.0.0.0/8", "loopback"), ("172.16.0.0/12", "private"), ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"), ("192.88.99.0/24", "reserved"), ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"), ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"), ("224.0.0.0/4", "multicast"), ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"), ("::1/128", "loopback"), ("64:ff9b:1::/48", "private"),
        ("2001::/23", "reserved"), ("2001:db8::/32", "for documentation"), ("3fff::/20", "for documentation"),
        ("fc00::/7", "private"), ("fec0::/10", "private"), ("ff00::/8", "multicast"),
    ])

    private static func networks(_ kinds: [(String, String)]) -> [(network: AddressNetwork, kind: String)] {
        kinds.compactMap { text, kind in AddressNetwork(text).map { ($0, kind) } }
    }
}
