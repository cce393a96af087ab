import Groundwork
import Scheduler

/// What applying a definition would come to.
struct JobChange: Sendable {
    /// One field that would change.
    struct Field: Sendable {
        let name: String
        let from: String
        let to: String
    }

    let defined: DefinedJob
    /// The job as it is; nil when it is to be made.
    let job: JobAnswer?
    let fields: [Field]
    /// The state to switch the job to; nil to leave it.
    let isToBeEnabled: Bool?
    /// What of a schedule that is new may surprise.
    let warnings: [String]

    init(_ defined: DefinedJob, of job: JobAnswer?) {
        self.defined = defined
        self.job = job
        guard let job else {
            fields = []
            isToBeEnabled = nil
            warnings = Self.warnings(of: defined.spec)
            return
        }
        let pairs = zip(JobText.fields(job.spec), JobText.fields(defined.spec))
        fields = pairs.compactMap { old, new in
            old.value == new.value ? nil : Field(name: old.field, from: old.value, to: new.value)
        }
        let switches = defined.isSwitchGiven && defined.definition.isEnabled != job.enabled
        isToBeEnabled = switches ? defined.definition.isEnabled : nil
        let isNew = fields.contains { $0.name == "schedule" } || isToBeEnabled == true
        warnings = isNew ? Self.warnings(of: defined.spec) : []
    }

    private static func warnings(of spec: JobSpec) -> [String] {
        SchedulePreview.surprises(of: spec.schedule, at: SystemClock().now).map(\.english)
    }

    /// The warnings as the lines that go to standard error.
    var notes: String { warnings.map { "note: \(name): \($0)\n" }.joined().printableLines }

    var isNeeded: Bool { job == nil || !fields.isEmpty || isToBeEnabled != nil }

    var name: String { "\(defined.spec.group)/\(defined.spec.name)" }

    /// What would change, line by line.
    var text: String {
        guard isNeeded else { return "= \(name)\n".printableLines }
        guard job != nil else {
            var facts = Table(indent: 4)
            for (field, value) in JobText.fields(defined.spec) where !value.isEmpty {
                facts.add(field, value)
            }
            return "+ \(name)".printable + "\n" + facts.text
        }
        var changes = Table(indent: 4)
        for field in fields { changes.add(field.name, field.from.quotedIfEmpty, "→", field.to.quotedIfEmpty) }
        if let isToBeEnabled {
            changes.add("enabled", isToBeEnabled ? "no" : "yes", "→", isToBeEnabled ? "yes" : "no")
        }
        return "~ \(name)".printable + "\n" + changes.text
    }

    /// Makes it so.
    ///
    /// - Returns: the server's last answer; nil when nothing was to be done.
    func apply(_ api: APIClient) async throws(APIError) -> APIAnswer? {
        guard let job else {
            var draft = defined.spec.draft
            draft.append("enabled", .bool(defined.definition.isEnabled))
            return try await api.post("/api/v1/jobs", draft)
        }
        var answer: APIAnswer?
        if !fields.isEmpty {
            var edit = defined.spec.draft
            // Refused when somebody changed the job since it was compared.
            edit.append("version", .integer(job.version))
            answer = try await api.put("/api/v1/jobs/\(job.id)", edit)
        }
        if let isToBeEnabled {
            answer = try await api.post("/api/v1/jobs/\(job.id)/\(isToBeEnabled ? "enable" : "disable")")
        }
        return answer
    }
}

extension String {
    fileprivate var quotedIfEmpty: String { isEmpty ? "\"\"" : self }
}

extension JobChange {
    /// What applying the definitions in `files` would come to.
    ///
    /// - Throws: `CommandError` for a file that makes no sense, `APIError` when the server does not tell.
    static func all(_ files: [String], _ api: APIClient) async throws -> [JobChange] {
        var changes: [JobChange] = []
        for defined in try JobDefinitionFile.read(files) {
            let spec = defined.spec
            let known = try await JobReference.jobs(api, name: spec.name, group: spec.group).first
            changes.append(JobChange(defined, of: known))
        }
        return changes
    }

    /// What would change, for programs.
    var json: String {
        var object: WireObject = ["group": .text(defined.spec.group), "name": .text(defined.spec.name)]
        object.append("job", job.map { .integer($0.id) } ?? .null)
        var changes = fields.map { field -> WireObject in
            ["field": .text(field.name), "from": .text(field.from), "to": .text(field.to)]
        }
        if let isToBeEnabled {
            changes.append([
                "field": "enabled", "from": .bool(!isToBeEnabled), "to": .bool(isToBeEnabled),
            ])
        }
        object.append("changes", .list(changes.map(WireValue.object)))
        object.append("warnings", .list(warnings.map(WireValue.text)))
        return String(decoding: WireValue.object(object).json, as: UTF8.self)
    }
}
