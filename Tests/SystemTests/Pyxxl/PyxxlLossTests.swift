import TestKit
import Testing

@testable import KPush

/// A run ends also when the executor that others wrote dies with it, and cannot or will not tell.
@Suite(.serialized, .timeLimit(.minutes(10))) struct PyxxlLossTests {
    @Test func `a run of an executor that was killed and came back is lost within half a minute`()
        async throws
    {
        let stage = try await PyxxlStage()
        let run = try await stage.start(of: stage.run("wait", retries: 1)[0])
        await stage.executor.kill()
        try await stage.executor.start()
        let back = ContinuousClock.now
        let lost = try await stage.end(of: run)
        #expect(ContinuousClock.now - back < .seconds(30))
        #expect(lost.reason == "executor_lost")
        // It is tried again, on the executor that came back.
        let retry = try #require(try await stage.runs(of: run.job).first)
        #expect(retry.attempt == 2)
        #expect(try await stage.start(of: retry).executor == stage.executor.address)
        await stage.stop()
    }

    @Test func `an executor that signs off gets no run after it, and what it had is lost`() async throws {
        let stage = try await PyxxlStage()
        let run = try await stage.start(of: stage.run("wait")[0])
        await stage.executor.stop()
        try await stage.registered([])
        let later = try await stage.run("answer")[0]
        let lost = try await stage.end(of: run)
        #expect(lost.reason == "executor_lost")
        let waiting = try await stage.look(later)
        #expect(waiting.state == "planned")
        #expect(waiting.executor == nil)
        // Back again, it gets what waited.
        try await stage.executor.start()
        #expect(try await stage.end(of: later).reason == "completed")
        await stage.stop()
    }
}
