/// What the languages have in common when they say lengths of time.
enum CronWordUnits {
    /// The greatest unit that a length comes out even in.
    enum Unit: String {
        case second
        case minute
        case hour
    }

    /// So many seconds as a count of one unit.
    static func split(_ seconds: Int) -> (count: Int, unit: Unit) {
        if seconds % 3_600 == 0 { return (seconds / 3_600, .hour) }
        return seconds % 60 == 0 ? (seconds / 60, .minute) : (seconds, .second)
    }

    /// The step of seconds that go through every minute evenly, beginning with 0.
    static func evenStep(ofMinute seconds: [Int]) -> Int? {
        guard seconds.first == 0, let step = NumberPiece.evenStep(seconds), step * seconds.count == 60
        else { return nil }
        return step
    }
}
