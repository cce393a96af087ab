import Foundation
import Scheduler
import Yams

/// One job as a file defines it.
struct DefinedJob: Sendable {
    let definition: JobDefinition
    /// Whether the file says that the job is on or off; otherwise that is the operators' business.
    let isSwitchGiven: Bool

    var spec: JobSpec { definition.spec }
}

/// YAML files with job definitions, as those in `jobs/`; several documents make several jobs.
enum JobDefinitionFile {
    /// The jobs of all files.
    ///
    /// - Throws: `CommandError` that names the file, the document and the key at fault.
    static func read(_ paths: [String]) throws(CommandError) -> [DefinedJob] {
        var jobs: [DefinedJob] = []
        for path in paths {
            for (index, node) in try YAMLFile.documents(path).enumerated() {
                let place = "\(path), document \(index + 1)"
                let whole = try withScript(try withCalendar(node, beside: path), beside: path, place)
                jobs.append(try job(whole, place))
            }
        }
        guard !jobs.isEmpty else { throw CommandError(.refused, "no job is defined there") }
        var seen: Set<String> = []
        for job in jobs where !seen.insert("\(job.spec.group)/\(job.spec.name)").inserted {
            throw CommandError(.refused, "\(job.spec.group)/\(job.spec.name) is defined twice")
        }
        let children = jobs.map { ($0.spec.fullName, $0.spec.children.map(\.job)) }
        if let way = ChildCycle.find(in: Dictionary(children) { first, _ in first }) {
            let way = way.map(\.description).joined(separator: " → ")
            throw CommandError(.refused, "children: a job would trigger itself without end: \(way)")
        }
        return jobs
    }

    /// The document with the days of its calendar, where it names a file that has them.
    private static func withCalendar(_ node: Node, beside path: String) throws(CommandError) -> Node {
        guard let name = node["schedule"]?["calendar"]?.string,
            [".yaml", ".yml"].contains(where: name.hasSuffix)
        else { return node }
        let file = file(name, beside: path)
        let calendars = try YAMLFile.documents(file)
        guard calendars.count == 1, let calendar = calendars.first else {
            throw CommandError(.refused, "\(file) must be one document with the days of one calendar")
        }
        var node = node
        node["schedule"]?["calendar"] = calendar
        return node
    }

    /// The document with the source of its script in place of the name of the file that holds it.
    ///
    /// - Parameters:
    ///   - node: the document.
    ///   - path: the file that it stands in; the script's file is looked for from its folder.
    ///   - place: names the document.
    /// - Returns: the document; as it was where it names no file.
    /// - Throws: `CommandError` when there is no such file, or a source as well.
    private static func withScript(
        _ node: Node,
        beside path: String,
        _ place: String
    ) throws(CommandError) -> Node {
        guard var job = node.mapping, var script = job["script"]?.mapping, let name = script["file"]?.string
        else { return node }
        guard script["source"] == nil else {
            throw CommandError(.refused, "\(place): script has both a file and a source")
        }
        let file = file(name, beside: path)
        let source: String
        do { source = try String(contentsOfFile: file, encoding: .utf8) } catch {
            throw .unreadable(file, error)
        }
        script["file"] = nil
        script["source"] = Node(source, Tag(.str), .literal)
        job["script"] = .mapping(script)
        return .mapping(job)
    }

    /// The path of a file that a definition names: from the folder that the definition stands in.
    private static func file(_ name: String, beside path: String) -> String {
        let folder = path == "-" ? "." : URL(fileURLWithPath: path).deletingLastPathComponent().path
        return name.hasPrefix("/") ? name : "\(folder)/\(name)"
    }

    private static func job(_ node: Node, _ place: String) throws(CommandError) -> DefinedJob {
        let job: DefinedJob
        do {
            job = DefinedJob(
                definition: try YAMLDecoder().decode(JobDefinition.self, from: node),
                isSwitchGiven: node.mapping?["enabled"] != nil
            )
        } catch let error as DecodingError {
            throw CommandError(.refused, "\(place): \(error.sentence)")
        } catch {
            throw CommandError(.refused, "\(place): \(error)")
        }
        let faults = job.spec.faults
        guard faults.isEmpty else {
            let all = faults.map { "\($0.field) \($0.reason)" }.joined(separator: "; ")
            throw CommandError(.refused, "\(place): \(all)")
        }
        return job
    }
}

extension DecodingError {
    /// The key at fault and what is wrong with it.
    var sentence: String {
        switch self {
        case .keyNotFound(let key, _): "\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
        @unknown default: "\(self)"
        }
    }
}
