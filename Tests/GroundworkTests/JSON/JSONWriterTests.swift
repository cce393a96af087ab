import Foundation
import Groundwork
import Testing

@Suite struct JSONWriterTests {
    @Test func `members are separated by commas and nothing else is added`() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("empty")
        writer.beginArray()
        writer.endArray()
        writer.key("list")
        writer.beginArray()
        writer.integer(1)
        writer.string("two")
        writer.beginObject()
        writer.endObject()
        writer.bool(true)
        writer.null()
        writer.endArray()
        writer.key("named \"at\" run time")
        writer.bool(false)
        writer.endObject()
        let expected = #"{"empty":[],"list":[1,"two",{},true,null],"named \"at\" run time":false}"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test(arguments: [0, 1, -1, 10, 1_234_567_890, Int64.max, Int64.min])
    func `numbers are written in full`(number: Int64) {
        var writer = JSONWriter()
        writer.integer(number)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "\(number)")
    }

    @Test(arguments: [
        "", "plain", "\"quoted\"", "back\\slash", "\u{0}\u{1}\u{1f}\u{7f}", "\n\r\t\u{8}\u{c}", "验证码😀", "a/b",
    ])
    func `every string comes back as it was`(text: String) throws {
        var writer = JSONWriter()
        writer.beginArray()
        writer.string(text)
        writer.string(utf8: Array(text.utf8)[...])
        writer.endArray()
        let read = try JSONSerialization.jsonObject(with: Data(writer.bytes)) as? [String]
        #expect(read == [text, text])
        var scanner = JSONScanner(writer.bytes)
        try scanner.beginArray()
        #expect(try scanner.nextElement())
        #expect(try scanner.string() == text)
    }
}
