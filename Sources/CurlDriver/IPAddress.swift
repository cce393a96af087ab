import Foundation

/// An address of the internet protocol, version 4 or 6.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Its 4 or 16 bytes.
    let bytes: [UInt8]

    /// Reads an address in its usual spelling, such as `10.0.0.1` or `fd00::1`; nil when it is none.
    public init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = withUnsafeBytes(of: six) { Array($0) }
        } else {
            return nil
        }
    }

    /// Reads what a socket is told; nil when that is no address of the internet protocol.
    ///
    /// - Parameters:
    ///   - socketAddress: a `sockaddr` of that family, as long as the family's are.
    ///   - family: `AF_INET` or `AF_INET6`.
    init?(_ socketAddress: UnsafeRawPointer, family: Int32) {
        switch family {
        case AF_INET:
            let address = socketAddress.loadUnaligned(as: sockaddr_in.self).sin_addr
            bytes = withUnsafeBytes(of: address) { Array($0) }
        case AF_INET6:
            let address = socketAddress.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            bytes = withUnsafeBytes(of: address) { Array($0) }
        default: return nil
        }
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The address in its usual spelling.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = bytes.withUnsafeBytes { bytes in
            inet_ntop(
                bytes.count == 4 ? AF_INET : AF_INET6,
                bytes.baseAddress,
                &text,
                socklen_t(INET6_ADDRSTRLEN)
            )
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The address of version 4 that packets to this one end up at, where it carries one.
    var embedded: IPAddress? {
        guard bytes.count == 16 else { return nil }
        func part(_ start: Int) -> IPAddress { IPAddress(bytes: Array(bytes[start..<start + 4])) }
        // Mapped (RFC 4291), translated (RFC 2765), NAT64 (RFC 6052), and compatible but for `::` and `::1`.
        for prefix in Self.carriers where prefix.contains(self) { return part(12) }
        if Self.compatible.contains(self), bytes[12...14].contains(where: { $0 != 0 }) { return part(12) }
        // 6to4 (RFC 3056), ISATAP (RFC 5214).
        if bytes.starts(with: [0x20, 0x02]) { return part(2) }
        if bytes[8] & 0xFD == 0, bytes[9...11].elementsEqual([0x00, 0x5E, 0xFE]) { return part(12) }
        return nil
    }

    private static let carriers = ["::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"]
        .compactMap(AddressNetwork.init)
    private static let compatible = AddressNetwork(
        IPAddress(bytes: Array(repeating: 0, count: 16)),
        prefix: 96
    )
}

/// All addresses that begin with the same bits.
public struct AddressNetwork: Hashable, Sendable, CustomStringConvertible {
    private let base: IPAddress
    private let prefix: Int

    /// Reads a network such as `10.0.0.0/8` or `fd00::/8`, or an address as a network of one; nil when it is none,
    /// or names bits behind its prefix.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let base = IPAddress(String(parts[0])) else { return nil }
        let bits = base.bytes.count * 8
        guard let prefix = parts.count == 2 ? Int(parts[1]) : bits, 0...bits ~= prefix else { return nil }
        self.init(base, prefix: prefix)
        let isBare = (prefix..<bits).allSatisfy { base.bytes[$0 / 8] & (0x80 >> UInt8($0 % 8)) == 0 }
        guard isBare else { return nil }
    }

    init(_ base: IPAddress, prefix: Int) {
        self.base = base
        self.prefix = prefix
    }

    /// Whether `address` is one of them.
    public func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        let whole = prefix / 8
        guard address.bytes.prefix(whole) == base.bytes.prefix(whole) else { return false }
        guard prefix % 8 > 0 else { return true }
        return (address.bytes[whole] ^ base.bytes[whole]) >> UInt8(8 - prefix % 8) == 0
    }

    /// The network in its usual spelling.
    public var description: String { "\(base)/\(prefix)" }
}
