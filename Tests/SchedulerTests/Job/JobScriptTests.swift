import Foundation
import Groundwork
import TestKit
import Testing

@testable import Scheduler

/// Jobs whose code the scheduler keeps.
struct JobScriptTests {
    private static let spec = JobSpec(
        name: "sweep",
        group: "app",
        handler: "",
        script: JobScript(.python, "print(1)\n", remark: "first one")
    )

    private let rig: SchedulerRig

    init() throws {
        rig = try SchedulerRig()
    }

    @Test func `a run travels with its script, under the wire's words`() async throws {
        let executor = try await rig.executor()
        _ = try await rig.running(Self.spec)
        let request = try #require(executor.requests.first)
        #expect(request.glueType == "GLUE_PYTHON")
        #expect(request.glueSource == "print(1)\n")
        #expect(request.glueUpdatedAt.millisecondsSinceEpoch == Self.spec.script?.mark)
        #expect(request.handler.isEmpty)
    }

    @Test func `a run gets the script as it stands when it is handed over`() async throws {
        let executor = try await rig.executor()
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(Self.spec)
        _ = try await rig.jobs.trigger(job.id)
        var spec = Self.spec
        spec.script = JobScript(.shell, "echo 2")
        _ = try await rig.jobs.update(job.id, version: job.version, to: spec)
        try await rig.dispatch(under: lease)
        #expect(executor.requests.first?.glueType == "GLUE_SHELL")
        #expect(executor.requests.first?.glueSource == "echo 2")
    }

    @Test func `a run whose job lost its script fails, and no executor is called`() async throws {
        let executor = try await rig.executor()
        let lease = try await rig.lead()
        let job = try await rig.jobs.create(Self.spec)
        let run = try #require(try await rig.jobs.trigger(job.id).first)
        _ = try await rig.jobs.update(
            job.id,
            version: job.version,
            to: JobSpec(name: "sweep", group: "app", handler: "sweep")
        )
        try await rig.dispatch(under: lease)
        let ended = try await rig.runs.run(run.id)
        #expect(ended.end?.reason == .dispatchFailed)
        #expect(ended.end?.message.contains("no script any more") == true)
        #expect(executor.requests.isEmpty)
    }

    @Test func `stores and definitions keep a script`() throws {
        let stored = try JSONEncoder().encode(Self.spec)
        #expect(try JobSpec(stored: stored, during: "test") == Self.spec)
        let definition = JobDefinition(Self.spec)
        let written = try JSONEncoder().encode(definition)
        #expect(try JSONDecoder().decode(JobDefinition.self, from: written) == definition)
    }

    @Test(arguments: [
        (JobScript(.shell, " \n"), "script.source"),
        (JobScript(.shell, String(repeating: "x", count: (256 << 10) + 1)), "script.source"),
        (JobScript(.shell, "ls", remark: "no"), "script.remark"),
        (JobScript(.shell, "ls", remark: String(repeating: "x", count: 101)), "script.remark"),
    ])
    func `a script that makes no sense is refused at its field`(script: JobScript, field: String) {
        var spec = Self.spec
        spec.script = script
        #expect(spec.faults.map(\.field) == [field])
    }

    @Test func `a job has a handler or a script, not both and not neither`() {
        var spec = Self.spec
        #expect(spec.faults.isEmpty)
        spec.handler = "sweep"
        #expect(spec.faults.map(\.field) == ["handler"])
        (spec.handler, spec.script) = ("", nil)
        #expect(spec.faults.map(\.field) == ["handler"])
    }

    @Test func `Groovy and unknown languages are none`() {
        for word in ["BEAN", "GLUE_GROOVY", "GLUE_COBOL", ""] {
            #expect(JobScript.Language(glueType: word) == nil, "\(word)")
        }
        for language in JobScript.Language.allCases {
            #expect(JobScript.Language(glueType: language.glueType) == language)
        }
    }

    @Test func `a mark tells scripts apart and fits into every JSON reader's numbers`() {
        let marks = [JobScript(.shell, "ls"), JobScript(.php, "ls"), JobScript(.shell, "ls ")].map(\.mark)
        #expect(Set(marks).count == 3)
        #expect(marks.allSatisfy { (0..<1 << 53).contains($0) })
        #expect(JobScript(.shell, "ls", remark: "another").mark == marks[0])
    }
}
