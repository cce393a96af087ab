import Foundation
import Yams

/// Files of YAML documents, as commands take them.
enum YAMLFile {
    /// The documents of one file.
    ///
    /// - Parameter path: the file; `-` is standard input.
    /// - Returns: the documents, in their order.
    /// - Throws: `CommandError` when it cannot be read, or is not YAML.
    static func documents(_ path: String) throws(CommandError) -> [Node] {
        let text: String
        do {
            let file =
                path == "-"
                ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        } catch {
            throw .unreadable(path, error)
        }
        do {
            var documents = try Yams.compose_all(yaml: text)
            var nodes: [Node] = []
            while let node = documents.next() { nodes.append(node) }
            if let error = documents.error { throw error }
            return nodes
        } catch {
            throw CommandError(.refused, "\(path) is not YAML: \(error)")
        }
    }
}
