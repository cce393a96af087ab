import Testing

@testable import Suppliers

@Suite struct PageTextTests {
    @Test(
        arguments: [
            ("hello", "hello"), ("<p>one</p><p>two</p>", "one\r\n\r\ntwo"), ("a<br>b<br/>c", "a\r\nb\r\nc"),
            ("<div>a</div><div>b</div>", "a\r\nb"), ("<ul><li>one<li>two</ul>", "- one\r\n- two"),
            ("a &lt;b&gt; &amp;amp; &#x4E2D;&#25991;&nbsp;&copy;", "a <b> &amp; 中文 ©"),
            ("AT&T &unknown; &", "AT&T &unknown; &"),
            ("<a href=\"https://example.com/?a=1&amp;b=2\">here</a>", "here (https://example.com/?a=1&b=2)"),
            ("<a href='https://example.com'>https://example.com</a>", "https://example.com"),
            ("<a href=\"#top\">up</a>", "up"), ("x <img src=y alt=\"a picture\">", "x a picture"),
            ("<style>p { color: red }</style><p>shown</p><script>if (a < b) {}</script>", "shown"),
            ("<!-- <p>hidden</p> -->shown", "shown"), ("<p title=\"a > b\">shown</p>", "shown"),
            ("  many \n\n  blanks\t", "many blanks"), ("<tr><td>a</td><td>b</td></tr><tr><td>c", "a b\r\nc"),
            ("<HTML><HEAD><TITLE>no</TITLE></HEAD><BODY>yes</BODY></HTML>", "yes"),
            ("a < b and b > c", "a < b and b > c"),
            ("<p>one</p>\n\n\n<p></p><p></p><p>two", "one\r\n\r\ntwo"), ("", ""), ("<p", "<p"),
        ]
    )
    func `a page is told in plain words`(page: String, text: String) {
        #expect(PageText.text(of: page) == text + "\r\n")
    }

    @Test func `a page that is broken in any place is read to its end`() {
        let page =
            "<div class=\"a\"><p>one &amp; <b>two</b><!-- c --><a href=\"https://e.com\">x</a></p></div>"
        for length in 0...page.count {
            #expect(PageText.text(of: String(page.prefix(length))).hasSuffix("\r\n"))
        }
    }

    @Test func `pictures inside a page are taken out of it, each once`() {
        let dot = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
        let page = "<img src=\"\(dot)\"><img src='\(dot)'><img src=\"data:image/png;base64,iVBORw0K\">"
        let found = InlineImages(page, id: "k.1@example.org")
        #expect(found.images.map(\.type) == ["image/gif", "image/png"])
        #expect(found.images.map(\.id) == ["k.1.0@example.org", "k.1.1@example.org"])
        #expect(
            found.html
                == "<img src=\"cid:k.1.0@example.org\"><img src='cid:k.1.0@example.org'>"
                + "<img src=\"cid:k.1.1@example.org\">"
        )
    }

    @Test(
        arguments: [
            "<img src=\"data:image/png;base64,!!\">", "<img src=data:image/png;base64,iVBORw0K>",
            "<p>data:image/ is a beginning</p>", "<img src=\"data:image/svg+xml,<svg/>\">", "\"data:image/",
            "data:image/",
        ]
    )
    func `what is no such picture stays as it is`(page: String) {
        let found = InlineImages(page, id: "k.1@example.org")
        #expect(found.html == page)
        #expect(found.images.isEmpty)
    }
}
