import Testing

@testable import PushEngine

@Suite struct ContentTemplateTests {
    @Test func `placeholders are replaced`() throws {
        let template = try ContentTemplate(#"{"content":"code {$code}"}"#)
        #expect(template.variables == ["code"])
        #expect(try template.render(["code": "1234"]) == #"{"content":"code 1234"}"#)
    }

    @Test func `a variable is listed once in the order of its first place`() throws {
        let template = try ContentTemplate("{$姓名}，{$city}的{$姓名}")
        #expect(template.variables == ["姓名", "city"])
        #expect(try template.render(["姓名": "李雷", "city": "北京"]) == "李雷，北京的李雷")
        #expect(template.warnings == [.repeatedVariable("姓名")])
    }

    @Test func `a value that looks like a placeholder stays as it is`() throws {
        let template = try ContentTemplate("{$a}-{$b}")
        #expect(try template.render(["a": "{$b}", "b": "${x}"]) == "{$b}-${x}")
    }

    @Test func `braces without a dollar are text`() throws {
        let template = try ContentTemplate("{a} {} { $b} }{")
        #expect(template.variables.isEmpty)
        #expect(try template.render([:]) == "{a} {} { $b} }{")
    }

    @Test(arguments: [
        ("code {$code", TemplateSyntaxError.unterminated(offset: 5)),
        ("{$a {$b}", .unterminated(offset: 0)),
        ("中{$}", .emptyName(offset: 3)),
        ("{$a b}", .badName("a b", offset: 0)),
        ("{$a\n}", .badName("a\n", offset: 0)),
    ])
    func `a broken placeholder is refused with its place`(text: String, error: TemplateSyntaxError) {
        #expect(throws: ContentFault.syntax(error)) { try ContentTemplate(text) }
    }

    @Test func `what suppliers refuse is warned of`() throws {
        #expect(try ContentTemplate("{$a}{$b}").warnings == [.adjacentVariables("a", "b"), .onlyVariables])
        #expect(try ContentTemplate("{$a} {$b}").warnings.isEmpty)
    }

    @Test func `every missing variable is named`() throws {
        let template = try ContentTemplate("{$a} {$b} {$c}")
        #expect(throws: RenderingError.missing(["a", "c"])) { try template.render(["b": "1", "d": "2"]) }
    }

    @Test(arguments: [
        (EscapeTarget.plain, "a b&<\"'\\ é", "a\r\nb&<\"'\\\u{7}\té"),
        (.json, #"a\"\\\n\u0001é/"#, "a\"\\\n\u{1}é/"),
        (.html, "a&amp;&lt;b&gt;&quot;&#39;é", "a&<b>\"'\u{1}é"),
        (.jsonHTML, #"a&amp;&lt;b&gt;&quot;&#39;\\\né"#, "a&<b>\"'\\\n\u{1}é"),
        (.urlQuery, "a%20%26%3D%E4%B8%AD-._~", "a &=中-._~"),
    ])
    func `a value is escaped for its target`(target: EscapeTarget, escaped: String, value: String) throws {
        let template = try ContentTemplate("<{$v}>", form: .text(target))
        #expect(try template.render(["v": value]) == "<" + escaped + ">")
    }

    @Test func `rows of a crowd are rendered from their bytes`() async throws {
        let batch = try await CrowdText(
            "userId,name,city\n13800138000,\"Li \"\"Lei\"\"\",北京\n13900139000,Ann,上海\n"
        )
        .batch()
        let template = try ContentTemplate("{$city}: {$name}! https://a.b/c")
        let day = try #require(CalendarDay(year: 2023, month: 8, day: 15))
        let id = try #require(BusinessID(templateType: 20, template: 17, day: day))
        var texts = RenderedTexts()
        Renderer(template, columns: [2, 1]).render(batch, into: &texts)
        #expect(
            (0..<texts.count).map(texts.text) == ["北京: Li \"Lei\"! https://a.b/c", "上海: Ann! https://a.b/c"]
        )
        texts.removeAll()
        Renderer(template, columns: [2, 1], tracking: id).render(batch, into: &texts)
        #expect(texts.text(1) == "上海: Ann! https://a.b/c?track_code_bid=2000001720230815")
    }
}
