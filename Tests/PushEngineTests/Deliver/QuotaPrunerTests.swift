import Groundwork
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// Old counts are forgotten, a few at a time.
@Suite(.timeLimit(.minutes(1))) struct QuotaPrunerTests {
    private let clock = ManualClock(PushBench.noon)

    private func pruner(_ quotas: NotingQuotas, _ rules: [MessageType: QuotaRules] = [:]) -> QuotaPruner {
        QuotaPruner(
            quotas: quotas,
            rules: rules,
            calendar: BusinessCalendar(zone: PushBench.zone),
            clock: clock.calendar,
            timer: clock,
            logger: PushBench.quiet
        )
    }

    private func pass(_ duration: Duration) async {
        clock.advance(by: duration)
        await clock.sleepers()
    }

    @Test func `a day's counts are forgotten step by step once no rule looks at them, and then left alone`()
        async throws
    {
        let quotas = NotingQuotas([.success(true), .success(true), .success(false)])
        let rules = [MessageType.notice: QuotaRules(contentWindow: .seconds(3_600))]
        try await whileRunning(pruner(quotas, rules)) {
            await clock.sleepers()
            #expect(quotas.days == [20_260_302])
            await pass(.seconds(5))
            await pass(.seconds(5))
            #expect(quotas.days == [20_260_302, 20_260_302, 20_260_302])
            // Ten minutes to one, and to a notice of before midnight a text may still be a repeat.
            await pass(.seconds(12 * 3_600 + 3_000))
            #expect(quotas.days.count == 3)
            await pass(.seconds(600))
            #expect(quotas.days.dropFirst(3) == [20_260_303])
        }
    }

    @Test func `a store that does not answer is asked again later`() async throws {
        let quotas = NotingQuotas([.failure(StoreError(.unavailable, during: "prune")), .success(false)])
        try await whileRunning(pruner(quotas)) {
            await clock.sleepers()
            await pass(.seconds(5))
            #expect(quotas.days.count == 1)
            await pass(.seconds(595))
            await pass(.seconds(600))
            #expect(quotas.days == [20_260_302, 20_260_302])
        }
    }
}

/// Counters that note what they are to forget, and answer as they are told.
private final class NotingQuotas: QuotaStore {
    private let state: Mutex<(days: [Int], answers: [Result<Bool, StoreError>])>

    init(_ answers: [Result<Bool, StoreError>]) {
        state = Mutex(([], answers))
    }

    var days: [Int] { state.withLock { $0.days } }

    func prune(before day: Int) async throws(StoreError) -> Bool {
        let answer = state.withLock { state -> Result<Bool, StoreError> in
            state.days.append(day)
            return state.answers.isEmpty ? .success(false) : state.answers.removeFirst()
        }
        return try answer.get()
    }

    func reserve(
        _ claims: [QuotaClaim],
        channel: Channel,
        rules: QuotaRules,
        day: Int
    ) async throws(StoreError) -> [QuotaVerdict] {
        claims.map { _ in .granted }
    }

    func refund(_ claims: [QuotaClaim], channel: Channel, span: QuotaSpan?) async throws(StoreError) {}
}
