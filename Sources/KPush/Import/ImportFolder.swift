import Foundation
import Scheduler

/// The folder that an import writes: one folder a group, one file a job, and a file of all groups.
struct ImportFolder {
    let path: String

    /// Writes every definition, and beside it the code that xxl-job kept for it.
    ///
    /// - Parameters:
    ///   - jobs: the jobs.
    ///   - groups: the groups.
    /// - Throws: `CommandError` when the folder holds something already, or cannot be written.
    func write(_ jobs: [ImportedJob], _ groups: [ImportedGroup]) throws(CommandError) {
        do {
            let files = FileManager.default
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            guard try files.contentsOfDirectory(atPath: path).isEmpty else {
                throw CommandError(.refused, "\(path) is not empty: nothing was written")
            }
            for job in jobs { try write(job, files) }
            if !groups.isEmpty {
                let text = try GroupDefinitionFile.text(groups.map(\.definition))
                try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(GroupDefinitionFile.name)"))
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.refused, "\(path) cannot be written: \(CommandError.reason(error))")
        }
    }

    private func write(_ job: ImportedJob, _ files: FileManager) throws {
        let group = "\(path)/\(Self.fileName(job.definition.spec.group, or: "group"))"
        try files.createDirectory(atPath: group, withIntermediateDirectories: true)
        let name = Self.fileName(job.definition.spec.name, or: "job")
        let file = "\(group)/\(job.theirs.id)-\(name)"
        let notes = job.findings.map { "# not carried over: \($0.words.printable)\n" }.joined()
        let text = notes + (try JobDefinitionText.text(job.definition))
        try Data(text.utf8).write(to: URL(fileURLWithPath: file + ".yaml"))
        for case .glue(let type, let source) in job.findings {
            try Data(source.utf8).write(to: URL(fileURLWithPath: file + Self.ending(ofCode: type)))
        }
    }

    /// A name of letters, digits, dots and dashes that leads nowhere else; `or` where nothing is left of it.
    static func fileName(_ text: String, or: String) -> String {
        let words = text.lowercased()
            .split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let name = words.joined(separator: "-").prefix(60)
        return name.isEmpty ? or : String(name)
    }

    /// What files of this kind of code end with.
    private static func ending(ofCode type: String) -> String {
        switch type {
        case "GLUE_GROOVY": ".groovy"
        case "GLUE_SHELL": ".sh"
        case "GLUE_PYTHON", "GLUE_PYTHON2": ".py"
        case "GLUE_NODEJS": ".js"
        case "GLUE_POWERSHELL": ".ps1"
        case "GLUE_PHP": ".php"
        default: ".txt"
        }
    }
}
