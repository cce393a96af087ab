/// Percent-encoding as RFC 3986 has it and as Aliyun signs it: everything but letters, digits and `-_.~`.
enum PercentEncoding {
    /// `text` encoded.
    static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Parameters as `name=value` pairs joined by `&`, encoded, in the given order.
    static func form(_ parameters: [(name: String, value: String)]) -> String {
        String(decoding: formBytes(parameters), as: UTF8.self)
    }

    /// The bytes of a form body.
    static func formBytes(_ parameters: [(name: String, value: String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            parameters.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count * 3 / 2 + 2 }
        )
        for parameter in parameters {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
            append(parameter.name, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            append(parameter.value, to: &bytes)
        }
        return bytes
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static let isPlain: [Bool] = (0..<256)
        .map { code in
            let byte = UInt8(code)
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                return true
            default: return "-_.~".utf8.contains(byte)
            }
        }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            if isPlain[Int(byte)] {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 0x0F)])
            }
        }
    }
}
