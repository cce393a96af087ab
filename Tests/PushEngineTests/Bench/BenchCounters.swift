import Synchronization
import TestKit

/// A number that many may add to.
final class Count: Sendable {
    private let number = Mutex(0)

    var value: Int { number.withLock { $0 } }

    @discardableResult
    func add(_ more: Int) -> Int {
        number.withLock { number in
            number += more
            return number
        }
    }

    func raise(to least: Int) {
        number.withLock { $0 = max($0, least) }
    }
}

/// Something that becomes known later.
final class Box<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)

    var value: Value? { content.withLock { $0 } }

    func put(_ value: Value) {
        content.withLock { $0 = value }
    }
}

/// Does something at one step of many, chosen at random anew each time it is armed.
final class StepCounter: Sendable {
    private let range: ClosedRange<Int>
    private let state: Mutex<(random: SeededGenerator, left: Int)>

    init(seed: UInt64, within range: ClosedRange<Int>) {
        self.range = range
        state = Mutex((SeededGenerator(seed: seed), 0))
    }

    func rearm() {
        state.withLock { state in state.left = Int.random(in: range, using: &state.random) }
    }

    func step(_ act: () -> Void) {
        let isIt = state.withLock { state in
            state.left -= 1
            return state.left == 0
        }
        if isIt { act() }
    }
}
