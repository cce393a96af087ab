/// A recipient as one number, for indexes and counters.
///
/// A phone number is its own key: E.164 has at most 15 digits. Any other address is hashed into the negative half, as it
/// is compared; two addresses with one key are told apart by their text (`compared`) where it matters.
package struct RecipientKey: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int64

    package init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// The key of an address: `+` and digits are a phone number, anything else is hashed.
    package init(address: String) {
        var address = address
        self = address.withUTF8 { RecipientKey(bytes: UnsafeRawBufferPointer($0)) }
    }

    package init(bytes: UnsafeRawBufferPointer) {
        if bytes.count >= 2, bytes.count <= 16, bytes[0] == UInt8(ascii: "+") {
            var number: Int64 = 0
            var isNumber = true
            for byte in bytes.dropFirst() {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else {
                    isNumber = false
                    break
                }
                number = number * 10 + Int64(byte &- UInt8(ascii: "0"))
            }
            if isNumber, number > 0 {
                self.init(rawValue: number)
                return
            }
        }
        self.init(hashing: bytes)
    }

    private init(hashing bytes: UnsafeRawBufferPointer) {
        let hash =
            bytes.contains(ComparedAddress.mark)
            ? bytes.map(ComparedAddress.folded).withUnsafeBytes(ContentHash.of) : ContentHash.of(bytes)
        self.init(rawValue: Int64(bitPattern: hash | 1 << 63))
    }
}

/// How an address is compared with others, whatever it is written like.
///
/// A mail address goes out as it was written, because its server may tell the cases of letters apart. Hardly one does:
/// for the lists, the quotas and the books `Ann@example.org` and `ann@example.org` are one person.
private enum ComparedAddress {
    /// What mail addresses have, and others whose letters' cases hardly matter.
    static let mark = UInt8(ascii: "@")

    static func folded(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }
}

extension String {
    /// An address as it is compared with others: of a mail address, in small letters.
    package var compared: String {
        guard utf8.contains(ComparedAddress.mark) else { return self }
        return String(decoding: utf8.map(ComparedAddress.folded), as: UTF8.self)
    }
}

/// A fast 64-bit hash of bytes, the same on every host and in every process.
///
/// It tells texts apart for deduplication; it is no protection against somebody who looks for collisions.
/// The mixing step is the multiply-and-fold of wyhash (public domain).
package enum ContentHash {
    private static let seed: UInt64 = 0xA076_1D64_78BD_642F
    private static let step: UInt64 = 0xE703_7ED1_A0B4_28DB
    /// Neither of the others: mixing with one of them would multiply by zero.
    private static let last: UInt64 = 0x8EBC_6AF0_9C88_C6E3

    /// The hash of `bytes`.
    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = seed ^ UInt64(bytes.count)
        var offset = 0
        while offset + 8 <= bytes.count {
            hash = mix(hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self), last)
            offset += 8
        }
        var tail: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            tail |= UInt64(bytes[offset]) << shift
            shift += 8
            offset += 1
        }
        return mix(hash ^ tail, last)
    }

    /// One number from two, such that each bit of either changes about half of the result's.
    package static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (high, low) = (left ^ step).multipliedFullWidth(by: right ^ seed)
        return high ^ low
    }
}
