import Groundwork
import Logging
import PushEngine
import Synchronization
import TestKit
import Testing

@testable import Suppliers

/// How long a call that needs tokens may take.
@Suite struct TokenedCallTests {
    /// A supplier of tokens and messages by whose answers time goes by.
    private final class SlowSupplier: HTTPClient, TokenSource {
        private struct State {
            var fetches: [Duration]
            var calls: [(time: Duration, status: Int)]
            var fetched = 0
            var begun: [(at: Duration, total: Duration)] = []
        }

        let owner = TokenOwner(["slow"], secret: Secret("s"))
        private let clock: ManualClock
        private let stopwatch: Stopwatch
        private let state: Mutex<State>

        init(_ clock: ManualClock, fetches: [Duration], calls: [(time: Duration, status: Int)]) {
            self.clock = clock
            stopwatch = Stopwatch(clock)
            state = Mutex(State(fetches: fetches, calls: calls))
        }

        var elapsed: Duration { stopwatch.elapsed }

        /// When each call began, and how long it was given.
        var begun: [(at: Duration, total: Duration)] { state.withLock(\.begun) }

        func fetchToken(isAfterRejection: Bool) async throws(SupplierError) -> FetchedToken {
            let (time, number) = state.withLock { state in
                state.fetched += 1
                return (state.fetches.isEmpty ? .zero : state.fetches.removeFirst(), state.fetched)
            }
            clock.advance(by: time)
            return FetchedToken(Secret("token-\(number)"), for: .seconds(7_200))
        }

        func send(_ request: HTTPRequest) async throws(HTTPError) -> HTTPResponse {
            let at = elapsed
            let (time, status) = state.withLock { state in
                state.begun.append((at, request.timeouts.total))
                return state.calls.isEmpty ? (.zero, 200) : state.calls.removeFirst()
            }
            clock.advance(by: min(time, request.timeouts.total))
            if time > request.timeouts.total { throw HTTPError(.answerTimeout) }
            return HTTPResponse(status: status, body: Array(request.url.utf8))
        }
    }

    private struct Stage {
        let supplier: SlowSupplier
        private let calls: TokenedCalls

        init(fetches: [Duration], calls: [(time: Duration, status: Int)]) {
            let clock = ManualClock(Moment(secondsSinceEpoch: 1_700_000_000))
            supplier = SlowSupplier(clock, fetches: fetches, calls: calls)
            var settings = TokenKeeperSettings()
            // Here time goes by at once, also for who would give a supplier up.
            settings.fetchLimit = .seconds(600)
            let keeper = TokenKeeper(
                store: LocalAccessTokenStore(clock: clock.calendar),
                settings: settings,
                timer: clock,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            self.calls = TokenedCalls(
                account: .sample("slow", id: 1),
                source: supplier,
                tools: SupplierTools(http: supplier, clock: clock.calendar, tokens: keeper)
            )
        }

        /// What was called at last, or why nothing was.
        func make() async -> String {
            let exchange = await calls.make {
                HTTPRequest(url: $0.reveal())
            } isRejected: {
                $0.status == 401
            }
            switch exchange {
            case .answered(let response): return String(decoding: response.body, as: UTF8.self)
            case .ended(.refused(let refusal)): return "\(refusal.fault.rawValue) \(refusal.code)"
            case .ended(let verdict): return "\(verdict)"
            }
        }
    }

    @Test func `a call whose token is rejected is made again with what is left of the time`() async {
        let quick = Stage(fetches: [.seconds(1)], calls: [(.seconds(2), 401), (.seconds(3), 200)])
        #expect(await quick.make() == "token-2")
        #expect(quick.supplier.begun.map(\.total) == [.seconds(10), .seconds(10)])
        let slow = Stage(
            fetches: [.seconds(4), .seconds(4)],
            calls: [(.seconds(9), 401), (.seconds(7), 200)]
        )
        #expect(await slow.make() == "token-2")
        #expect(slow.supplier.begun.map(\.total) == [.seconds(10), .seconds(8)])
    }

    @Test func `a call is not made again when too little time is left, and the next one has a new token`()
        async
    {
        let stage = Stage(fetches: [.seconds(15)], calls: [(.seconds(6), 401)])
        #expect(await stage.make() == "transient kpush.no_token")
        #expect(stage.supplier.begun.count == 1)
        #expect(stage.supplier.elapsed == .seconds(21))
        #expect(await stage.make() == "token-2")
    }

    @Test func `a token that comes too late is for the next call`() async {
        let first = Stage(fetches: [.seconds(21)], calls: [])
        #expect(await first.make() == "transient kpush.token_late")
        #expect(first.supplier.begun.isEmpty)
        #expect(await first.make() == "token-1")
        let second = Stage(fetches: [.zero, .seconds(15)], calls: [(.seconds(8), 401)])
        #expect(await second.make() == "transient kpush.token_late")
        #expect(second.supplier.begun.count == 1)
        #expect(await second.make() == "token-2")
    }

    @Test func `no call can last longer than others wait for it`() async {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            func time() -> Duration { .milliseconds(Int.random(in: 0...16_000, using: &random)) }
            let calls = (0..<2).map { _ in (time: time(), status: Bool.random(using: &random) ? 401 : 200) }
            let stage = Stage(fetches: [time(), time()], calls: calls)
            _ = await stage.make()
            for (at, total) in stage.supplier.begun {
                #expect(at + total <= DeliverySettings.sendLimit, "\(seed)")
                #expect(total >= .seconds(5), "\(seed)")
            }
        }
        #expect(DeliverySettings().callWindow + DeliverySettings.sendLimit < DeliverySettings.callLimit)
    }
}
