/// A part of a set of numbers that can be said in a few words.
enum NumberPiece: Hashable, Sendable {
    case one(Int)
    /// All numbers from the first to the last; in a cycle the last may lie before the first.
    case run(Int, Int)
    /// Every `step`-th number from the first to the last.
    case steps(Int, Int, step: Int)

    /// From how many neighbours on a run is shorter than its numbers.
    private static let shortestRun = 3
    /// From how many numbers on equal steps are shorter than their numbers.
    private static let shortestSteps = 4

    /// Takes a set apart; the pieces together are exactly the set.
    ///
    /// - Parameters:
    ///   - numbers: the set, in ascending order.
    ///   - cycle: what follows its own end like the days of a week, so that a run may go round; nil for what does
    ///     not.
    /// - Returns: the pieces in the order of their first numbers; a run that goes round is the last.
    static func pieces(of numbers: [Int], cycle: ClosedRange<Int>? = nil) -> [NumberPiece] {
        if let steps = steps(numbers) { return [steps] }
        var runs: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = runs.last, last.upperBound + 1 == number {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        let round = roundRun(&runs, cycle)
        let single = runs.filter { $0.count < shortestRun }.flatMap(Array.init)
        var pieces = runs.filter { $0.count >= shortestRun }.map { run($0.lowerBound, $0.upperBound) }
        pieces += steps(single).map { [$0] } ?? single.map(one)
        return pieces.sorted { $0.first < $1.first } + (round.map { [$0] } ?? [])
    }

    private var first: Int {
        switch self {
        case .one(let first), .run(let first, _), .steps(let first, _, _): first
        }
    }

    private static func steps(_ numbers: [Int]) -> NumberPiece? {
        guard numbers.count >= shortestSteps, let step = evenStep(numbers), step > 1 else { return nil }
        return .steps(numbers[0], numbers[numbers.count - 1], step: step)
    }

    /// The distance between neighbours, where it is the same throughout.
    static func evenStep(_ numbers: [Int]) -> Int? {
        guard numbers.count > 1 else { return nil }
        let step = numbers[1] - numbers[0]
        return zip(numbers, numbers.dropFirst()).allSatisfy { $1 - $0 == step } ? step : nil
    }

    /// Takes out the run that goes through the end of the cycle, if it is long enough.
    private static func roundRun(
        _ runs: inout [ClosedRange<Int>],
        _ cycle: ClosedRange<Int>?
    ) -> NumberPiece? {
        guard let cycle, runs.count > 1, let head = runs.first, let tail = runs.last,
            head.lowerBound == cycle.lowerBound, tail.upperBound == cycle.upperBound,
            head.count + tail.count >= shortestRun
        else { return nil }
        runs.removeFirst()
        runs.removeLast()
        return .run(tail.lowerBound, head.upperBound)
    }
}
