import Groundwork
import Scheduler
import TestKit
import Testing

/// What every `IdempotencyStore` must keep.
package enum IdempotencyConformance {
    private static let call = KeyedCall(key: "k", digest: "one")

    package static let clauses: [Clause<SchedulerStores>] = [
        Clause("a call begins once, and is answered the same again") { stores in
            let calls = stores.calls
            #expect(try await calls.begin(call, at: .noon) == .begun)
            #expect(try await calls.begin(call, at: .noon + .seconds(59)) == .underWay)
            let answer = KeptAnswer(status: 201, location: "/x", body: #"{"a":"ü"}"#)
            try await calls.finish("k", with: answer)
            #expect(try await calls.begin(call, at: .noon + .seconds(3_600)) == .answered(answer))
            let bare = KeptAnswer(status: 200, location: nil, body: "{}")
            #expect(try await calls.begin(KeyedCall(key: "l", digest: "one"), at: .noon) == .begun)
            try await calls.finish("l", with: bare)
            #expect(try await calls.begin(KeyedCall(key: "l", digest: "one"), at: .noon) == .answered(bare))
        },
        Clause("a key is one call's alone") { stores in
            _ = try await stores.calls.begin(call, at: .noon)
            let other = KeyedCall(key: "k", digest: "other")
            #expect(try await stores.calls.begin(other, at: .noon) == .taken)
            #expect(try await stores.calls.begin(other, at: .noon + .seconds(3_600)) == .taken)
        },
        Clause("of many that come together one begins") { stores in
            let begun = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 { group.addTask { try await stores.calls.begin(call, at: .noon) == .begun } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(begun == 1)
        },
        Clause("one that died without a trace begins anew, once") { stores in
            _ = try await stores.calls.begin(call, at: .noon)
            let later = Moment.noon + KeyedCall.patience
            #expect(try await stores.calls.begin(call, at: later) == .begun)
            #expect(try await stores.calls.begin(call, at: later) == .underWay)
        },
        Clause("a forgotten call begins anew") { stores in
            _ = try await stores.calls.begin(call, at: .noon)
            try await stores.calls.forget("k")
            #expect(try await stores.calls.begin(call, at: .noon) == .begun)
        },
        Clause("old calls are forgotten, some at a time") { stores in
            for key in ["a", "b", "c"] {
                _ = try await stores.calls.begin(KeyedCall(key: key, digest: key), at: .noon)
            }
            #expect(try await stores.calls.prune(begunBefore: .noon, limit: 10) == 0)
            let later = Moment.noon + .milliseconds(1)
            #expect(try await stores.calls.prune(begunBefore: later, limit: 2) == 2)
            #expect(try await stores.calls.prune(begunBefore: later, limit: 2) == 1)
        },
    ]
}
