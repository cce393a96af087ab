// What the sanitizer must be silent about (no argument), and what it must report (any argument).
import Synchronization

final class Count: @unchecked Sendable {
    // Not safe at all when it is counted outside the mutex: that is the point.
    var plain = 0
    let guarded = Mutex(0)
}

@main struct Check {
    static func main() async {
        let count = Count()
        let isRacy = CommandLine.arguments.count > 1
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<20_000 {
                        if isRacy { count.plain += 1 }
                        count.guarded.withLock {
                            $0 += 1
                            if !isRacy { count.plain += 1 }
                        }
                    }
                }
            }
        }
        print(count.guarded.withLock { $0 })
    }
}
