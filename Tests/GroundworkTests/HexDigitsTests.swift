import Groundwork
import Testing

/// Bytes as text.
@Suite struct HexDigitsTests {
    @Test func `every byte has two lower-case digits`() {
        let bytes: [UInt8] = [0x00, 0x09, 0x0A, 0x90, 0xAF, 0xFF]
        #expect(bytes.hexDigits == "00090a90afff")
        for byte in UInt8.min...UInt8.max {
            let digits = [byte].hexDigits
            #expect(digits.count == 2 && UInt8(digits, radix: 16) == byte)
        }
    }

    @Test func `no bytes are no digits`() {
        #expect([UInt8]().hexDigits.isEmpty)
    }
}
