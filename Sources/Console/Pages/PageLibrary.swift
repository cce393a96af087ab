import Foundation
import Mustache

/// What the pages are made of, read once at start: templates, words, style and script.
struct PageLibrary: Sendable {
    let words: Words
    let assets: Assets
    private let templates: MustacheLibrary

    /// Reads the files that the module carries.
    ///
    /// - Throws: `ConsoleError` naming what is missing or cannot be read.
    init() throws(ConsoleError) {
        guard let folder = Bundle.module.url(forResource: "Templates", withExtension: nil) else {
            throw ConsoleError("the folder Templates is not beside the program")
        }
        words = try Words(catalogue: String(decoding: Self.read("words.tsv", in: folder), as: UTF8.self))
        assets = Assets(
            style: try Self.read("console.css", in: folder),
            script: try Self.read("console.js", in: folder)
        )
        templates = try Self.templates(in: folder)
    }

    /// The HTML of a template filled with `values`; every value is escaped.
    ///
    /// - Throws: `ConsoleError` when there is no such template.
    func html(_ template: String, _ values: [String: Any]) throws(ConsoleError) -> String {
        guard let html = templates.render(values, withTemplate: template) else {
            throw ConsoleError("there is no template \(template)")
        }
        return html
    }

    private static func read(_ name: String, in folder: URL) throws(ConsoleError) -> [UInt8] {
        do { return Array(try Data(contentsOf: folder.appendingPathComponent(name))) } catch {
            throw ConsoleError("\(name): \(error.localizedDescription)")
        }
    }

    private static func templates(in folder: URL) throws(ConsoleError) -> MustacheLibrary {
        let ending = ".mustache"
        var library = MustacheLibrary()
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            for name in names where name.hasSuffix(ending) {
                let text = String(decoding: try read(name, in: folder), as: UTF8.self)
                try library.register(text, named: String(name.dropLast(ending.count)))
            }
        } catch {
            throw ConsoleError("a template cannot be read: \(error)")
        }
        return library
    }
}
