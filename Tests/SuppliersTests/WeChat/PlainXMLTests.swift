import Groundwork
import Testing

@testable import Suppliers

@Suite struct PlainXMLTests {
    @Test(arguments: [
        ("<xml></xml>", WireValue.text("")),
        ("<xml>a</xml>", "a"),
        ("\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xml>a</xml>\n", "a"),
        ("<xml><![CDATA[<a>&amp;]] ]]></xml>", "<a>&amp;]] "),
        ("<xml>&lt;&#20320;&#x597D;&amp;&quot;&apos;&gt;</xml>", "<你好&\"'>"),
        ("<xml>\n <a>1</a>\n\t<b><![CDATA[二]]></b>\r\n</xml>", .object(["a": "1", "b": "二"])),
        (
            "<xml><e><l><m>1</m></l><l><m>2</m></l></e></xml>",
            .object(["e": .object(["l": .object(["m": "1"]), "l": .object(["m": "2"])])])
        ),
    ])
    func `elements are read with what they hold`(text: String, value: WireValue) throws {
        #expect(try PlainXML.read(Array(text.utf8)) == value)
    }

    @Test(arguments: [
        "", "a", "<xml>", "<xml></lmx>", "<xml/>", "<xml a=\"1\"></xml>", "<xml><a></xml></a>",
        "<xml></xml><xml></xml>",
        "<xml><!-- a --></xml>", "<!DOCTYPE xml [<!ENTITY a \"b\">]><xml>&a;</xml>", "<xml>&a;</xml>",
        "<xml>&#0;</xml>",
        "<xml>&#xD800;</xml>", "<xml>&lt</xml>", "<xml><![CDATA[a</xml>", "<xml>a<b>1</b></xml>",
        "<?xml <xml></xml>",
        "<xml>", "< xml></xml>", "<>a</>",
    ])
    func `what is not known is refused`(text: String) {
        #expect(throws: XMLFault.self) { try PlainXML.read(Array(text.utf8)) }
    }

    @Test func `nothing is read that is nested without end, or that is no UTF-8`() {
        let deep = String(repeating: "<a>", count: 9) + String(repeating: "</a>", count: 9)
        #expect(throws: XMLFault.self) { try PlainXML.read(Array(deep.utf8)) }
        #expect(throws: XMLFault(offset: 0)) { try PlainXML.read(Array("<a>".utf8) + [0xFF]) }
    }
}
