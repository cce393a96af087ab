import Console
import Groundwork
import People
import Scheduler
import TestKit
import Testing

/// Run logs over HTTP: by page, and followed while the run goes on.
@Suite struct RunLogTests {
    @Test func `a log is read page by page`() async throws {
        try await ConsoleBench.use { bench in
            let executor = try await bench.executor()
            let run = try await bench.running().id
            executor.setLog("first\nsecond\n")
            let page = try await bench.get("/api/v1/runs/\(run)/log")
            #expect(page["text"] == "first\nsecond\n")
            #expect(page["next"] == 3)
            #expect(page["complete"] == false)
            #expect(try await bench.get("/api/v1/runs/\(run)/log?from=2")["text"] == "second\n")
        }
    }

    @Test(arguments: [
        ("9/log", 404), ("9/log?follow=true", 404), ("x/log", 400), ("9/log?from=0", 400),
        ("9/log?folow=true", 400),
    ])
    func `refuses to read what is not there`(path: String, status: Int) async throws {
        try await ConsoleBench.use { bench async throws in
            #expect(try await bench.get("/api/v1/runs/\(path)").status == status)
        }
    }

    @Test(arguments: ["", "?follow=true"])
    func `an executor that does not answer is told as such`(query: String) async throws {
        try await ConsoleBench.use { bench in
            try await bench.executor()
            let run = try await bench.running().id
            bench.executors.place(nil, at: "one")
            let answer = try await bench.get("/api/v1/runs/\(run)/log\(query)")
            #expect(answer.status == 502)
            #expect(answer["code"] == "executor")
        }
    }

    @Test func `lines arrive while the run goes on, each once, and the answer ends with it`() async throws {
        try await ConsoleBench.use { bench in
            let executor = try await bench.executor()
            let run = try await bench.running()
            executor.setLog("first\n")
            try await bench.reading("/api/v1/runs/\(run.id)/log?follow=true") { reader in
                try await reader.read(until: "first\n")
                await bench.clock.sleepers()
                executor.setLog("first\nsecond\n")
                bench.clock.advance(by: .milliseconds(500))
                try await reader.read(until: "second\n")
                await bench.clock.sleepers()
                await bench.finish(run)
                bench.clock.advance(by: .milliseconds(500))
                // The chunk that ends a body.
                try await reader.read(until: "0\r\n\r\n")
                #expect(reader.text.contains("text/plain"))
                #expect(reader.text.ranges(of: "first").count == 1)
                #expect(reader.text.ranges(of: "second").count == 1)
            }
        }
    }

    @Test func `an executor that is silent for a while does not end it`() async throws {
        try await ConsoleBench.use { bench in
            let executor = try await bench.executor()
            let run = try await bench.running()
            executor.setLog("first\n")
            try await bench.reading("/api/v1/runs/\(run.id)/log?follow=true") { reader in
                try await reader.read(until: "first\n")
                await bench.clock.sleepers()
                executor.setDeaf(true)
                bench.clock.advance(by: .milliseconds(500))
                await bench.clock.sleepers()
                executor.setDeaf(false)
                executor.setLog("first\nsecond\n")
                bench.clock.advance(by: .milliseconds(500))
                try await reader.read(until: "second\n")
            }
        }
    }

    @Test func `as events they say where to go on`() async throws {
        try await ConsoleBench.use { bench in
            let executor = try await bench.executor()
            let run = try await bench.running()
            executor.setLog("seen\nfirst\nsecond\n")
            await bench.finish(run)
            let headers = [
                (name: "Accept", value: "text/event-stream"), (name: "Last-Event-ID", value: "2"),
            ]
            let path = "/api/v1/runs/\(run.id)/log?follow=true"
            let answer = try await bench.call("GET", path, headers: headers)
            #expect(answer.headers["content-type"] == "text/event-stream;charset=UTF-8")
            #expect(answer.text == ":\n\nid: 4\ndata: first\ndata: second\n\nevent: end\ndata:\n\n")
        }
    }

    @Test func `a quiet run sends a sign of life now and then`() async throws {
        try await ConsoleBench.use { bench in
            try await bench.executor()
            let run = try await bench.running()
            let events = (name: "Accept", value: "text/event-stream")
            try await bench.reading("/api/v1/runs/\(run.id)/log?follow=true", headers: [events]) { reader in
                for _ in 0..<30 {
                    await bench.clock.sleepers()
                    bench.clock.advance(by: .milliseconds(500))
                }
                try await reader.read { $0.ranges(of: ":\n\n").count == 2 }
            }
        }
    }

    @Test func `a log is followed for as long as whoever reads may`() async throws {
        try await ConsoleBench.use { bench in
            let executor = try await bench.executor()
            let run = try await bench.running()
            executor.setLog("first\n")
            let draft = UserDraft(displayName: "Ann", role: .viewer, groups: .all)
            let user = try await bench.parts.users.create("ann", draft, password: Secret("correct horse"))
            let made = try await bench.parts.keys.make(
                for: user.id,
                name: "reader",
                days: 1,
                isReadOnly: true
            )
            let path = "/api/v1/runs/\(run.id)/log?follow=true"
            try await bench.reading(path, token: made.text.reveal()) { reader in
                try await reader.read(until: "first\n")
                await bench.clock.sleepers()
                var gone = draft
                gone.isDisabled = true
                _ = try await bench.parts.users.update(user.id, version: user.version, to: gone)
                executor.setLog("first\nsecond\n")
                bench.clock.advance(by: .milliseconds(500))
                try await reader.read(until: "0\r\n\r\n")
                #expect(!reader.text.contains("second"))
            }
        }
    }

    @Test func `nobody goes on reading for a reader that went away`() async throws {
        try await ConsoleBench.use { bench in
            let executor = try await bench.executor()
            let run = try await bench.running()
            executor.setLog("first\n")
            try await bench.reading("/api/v1/runs/\(run.id)/log?follow=true") { reader in
                try await reader.read(until: "first\n")
                await bench.clock.sleepers()
            }
            try await eventually("the follower is gone") { bench.clock.waiting == 0 }
        }
    }

    @Test func `a shutdown ends what is followed and waits for nobody`() async throws {
        var reader: Task<ConsoleBench.Answer, any Error>?
        try await ConsoleBench.use { bench in
            let executor = try await bench.executor()
            let run = try await bench.running()
            executor.setLog("first\n")
            reader = Task { try await bench.get("/api/v1/runs/\(run.id)/log?follow=true") }
            await bench.clock.sleepers()
        }
        let answer = try await reader?.value
        #expect(answer?.status == 200)
        #expect(answer?.text == "first\n")
    }
}
