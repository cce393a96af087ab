import Groundwork
import Synchronization
import TestKit
import Testing

@testable import PushEngine

/// Callbacks that arrive at the same time: who writes them, how many at once, and whose failure is whose.
@Suite(.timeLimit(.minutes(1))) struct CallbackGroupsTests {
    /// A store whose first step lasts until it is let go.
    private final class SlowBooks: Sendable {
        private struct State {
            var steps: [[UInt8]] = []
            var isOpen = false
        }

        private let state = Mutex(State())

        /// What each step had, by the first bytes of its pages.
        var steps: [[UInt8]] { state.withLock { $0.steps } }

        func open() { state.withLock { $0.isOpen = true } }

        func write(_ callbacks: [CallbackGroups.Callback]) async throws(StoreError) {
            state.withLock { $0.steps.append(callbacks.compactMap(\.raw.first)) }
            while !state.withLock({ $0.isOpen }) { await Task.yield() }
            for page in callbacks.compactMap(\.raw.first) {
                if page == Self.poison { throw StoreError(.corrupted, during: "test") }
                if page == Self.outage { throw StoreError(.unavailable, during: "test") }
            }
        }

        static let poison: UInt8 = 66
        static let outage: UInt8 = 99
    }

    private static let account = AccountID(rawValue: 1)

    private static func callback(_ page: UInt8, receipts: Int = 1) -> CallbackGroups.Callback {
        let receipt = SupplierReceipt(
            recipient: "+8613800130100",
            requestKey: nil,
            reference: "\(page)",
            delivered: true,
            code: "",
            at: Moment(millisecondsSinceEpoch: 0)
        )
        return CallbackGroups.Callback(raw: [page], receipts: Array(repeating: receipt, count: receipts))
    }

    /// Posts the first page, then the others while it is being written; tells how each ended.
    private static func outcomes(
        of pages: [UInt8],
        receiptsAtOnce: Int = 100,
        _ books: SlowBooks
    ) async throws -> [UInt8: StoreError.Code?] {
        let groups = CallbackGroups(receiptsAtOnce: receiptsAtOnce) {
            (callbacks, _) async throws(StoreError) in try await books.write(callbacks)
        }
        return try await withThrowingTaskGroup(of: (UInt8, StoreError.Code?).self) { tasks in
            func post(_ page: UInt8) {
                tasks.addTask {
                    do {
                        try await groups.apply(callback(page), of: account)
                        return (page, StoreError.Code?.none)
                    } catch let error as StoreError { return (page, error.code) }
                }
            }
            for (place, page) in pages.enumerated() {
                post(page)
                try await eventually("page \(page) is written or waits") {
                    place == 0 ? books.steps.count == 1 : await groups.waiting(account) == place
                }
            }
            books.open()
            var outcomes: [UInt8: StoreError.Code?] = [:]
            for try await (page, code) in tasks { outcomes.updateValue(code, forKey: page) }
            return outcomes
        }
    }

    @Test func `those that arrive while one is written are written together after it`() async throws {
        let books = SlowBooks()
        let outcomes = try await Self.outcomes(of: [1, 2, 3, 4, 5], books)
        #expect(books.steps == [[1], [2, 3, 4, 5]])
        #expect(outcomes == [1: nil, 2: nil, 3: nil, 4: nil, 5: nil])
    }

    @Test func `a group has a bounded number of receipts, and whoever is left goes on`() async throws {
        let books = SlowBooks()
        let outcomes = try await Self.outcomes(of: [1, 2, 3, 4, 5, 6], receiptsAtOnce: 2, books)
        #expect(books.steps == [[1], [2, 3], [4, 5], [6]])
        #expect(outcomes.count == 6)
    }

    @Test func `one that cannot be written keeps none from being so that came with it`() async throws {
        let books = SlowBooks()
        let outcomes = try await Self.outcomes(of: [1, 2, SlowBooks.poison, 4], books)
        #expect(outcomes == [1: nil, 2: nil, SlowBooks.poison: .corrupted, 4: nil])
        #expect(books.steps.last == [2])
    }

    @Test func `a store that is away is asked once for all, and all are told`() async throws {
        let books = SlowBooks()
        let outcomes = try await Self.outcomes(of: [1, 2, SlowBooks.outage, 4], books)
        #expect(outcomes == [1: nil, 2: .unavailable, SlowBooks.outage: .unavailable, 4: .unavailable])
        #expect(books.steps.count == 2)
    }

    @Test func `when the store is away those who wait for a later group are told too`() async throws {
        let books = SlowBooks()
        let outcomes = try await Self.outcomes(of: [SlowBooks.outage, 2, 3, 4], receiptsAtOnce: 2, books)
        #expect(outcomes.values.allSatisfy { $0 == .unavailable })
        #expect(books.steps == [[SlowBooks.outage]])
    }

    @Test func `no more wait than may`() async throws {
        let books = SlowBooks()
        let groups = CallbackGroups(receiptsAtOnce: 1_000) {
            (callbacks, _) async throws(StoreError) in try await books.write(callbacks)
        }
        try await withThrowingTaskGroup { tasks in
            for _ in 0...CallbackGroups.waitingLimit {
                tasks.addTask { try await groups.apply(Self.callback(1), of: Self.account) }
            }
            try await eventually("the line is full") {
                await groups.waiting(Self.account) == CallbackGroups.waitingLimit
            }
            await #expect {
                try await groups.apply(Self.callback(2), of: Self.account)
            } throws: { ($0 as? StoreError)?.code == .unavailable }
            books.open()
            try await tasks.waitForAll()
        }
        #expect(books.steps.map(\.count) == [1, CallbackGroups.waitingLimit])
    }

    @Test func `accounts do not wait for each other`() async throws {
        let books = SlowBooks()
        let groups = CallbackGroups(receiptsAtOnce: 100) {
            (callbacks, _) async throws(StoreError) in try await books.write(callbacks)
        }
        try await withThrowingTaskGroup { tasks in
            for number: UInt8 in 1...2 {
                tasks.addTask {
                    try await groups.apply(Self.callback(number), of: AccountID(rawValue: Int64(number)))
                }
            }
            try await eventually("both are written") { books.steps.count == 2 }
            books.open()
            try await tasks.waitForAll()
        }
    }
}
