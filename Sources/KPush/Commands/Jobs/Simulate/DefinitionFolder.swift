import Foundation
import Scheduler
import Yams

/// Folders of job definitions.
enum DefinitionFolder {
    /// The files themselves, and of folders the definitions in them, at any depth and in the order of their names.
    ///
    /// A file in a folder that holds a calendar is passed over: it is read along with the jobs that name it. So is the file of
    /// groups that an import writes.
    ///
    /// - Parameter paths: files and folders.
    /// - Returns: the files.
    /// - Throws: `CommandError` when a folder cannot be read, or holds no definition.
    static func files(_ paths: [String]) throws(CommandError) -> [String] {
        var files: [String] = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
            else {
                files.append(path)
                continue
            }
            let found = try definitions(in: path)
            guard !found.isEmpty else { throw CommandError(.refused, "no job is defined in \(path)") }
            files += found
        }
        return files
    }

    private static func definitions(in folder: String) throws(CommandError) -> [String] {
        let names: [String]
        do { names = try FileManager.default.subpathsOfDirectory(atPath: folder) } catch {
            throw .unreadable(folder, error)
        }
        return names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }
            .filter { ($0 as NSString).lastPathComponent != GroupDefinitionFile.name }
            .sorted()
            .map { "\(folder)/\($0)" }
            .filter { !isCalendar($0) }
    }

    private static func isCalendar(_ path: String) -> Bool {
        // What is neither a calendar nor a definition is complained of when it is read as a definition.
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return false }
        return (try? YAMLDecoder().decode(JobCalendar.self, from: text)) != nil
    }
}
