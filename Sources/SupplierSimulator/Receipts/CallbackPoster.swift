import Groundwork
import Logging
import Synchronization

/// Posts receipts to where they are wanted, again after a while where they are not taken, and then gives up.
struct CallbackPoster {
    let simulation: Simulation
    let http: any HTTPClient
    let waiting: any Clock<Duration>
    let logger: Logger

    /// Posts until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let posts = simulation.world.withLock { $0.takePosts(at: simulation.clock.now) }
            if posts.isEmpty {
                await waitForNextPost()
            } else {
                await withTaskGroup { group in
                    for post in posts { group.addTask { await make(post) } }
                }
            }
        }
    }

    /// Returns when something may be due: its time has come, or the bell rang.
    private func waitForNextPost() async {
        let next = simulation.world.withLock { $0.nextPost }
        let distance = next.map { $0.millisecondsSinceEpoch - simulation.clock.now.millisecondsSinceEpoch }
        await withTaskGroup { group in
            group.addTask { await simulation.bell.wait() }
            if let distance {
                // Cancelled when the bell rings first; then the wait does not matter any more.
                group.addTask { try? await waiting.sleep(for: .milliseconds(max(1, distance))) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func make(_ post: CallbackPost) async {
        let body = simulation.world.withLock { world in
            switch post.supplier {
            case .tencent:
                TencentWriter.post(post.entries.map { TencentWriter.ReceiptRow($0, in: world.ledger) })
            case .aliyun:
                AliyunWriter.post(post.entries.map { AliyunWriter.Row($0, in: world.ledger) })
            }
        }
        let request = HTTPRequest(
            url: post.url,
            headers: [("Content-Type", "application/json; charset=utf-8")],
            body: body,
            timeouts: HTTPTimeouts(connect: .seconds(3), total: .seconds(5))
        )
        if await isTaken(request, by: post.supplier) {
            simulation.world.withLock { $0.tally[post.supplier].receiptsSent += post.entries.count }
            return
        }
        let next = post.next(after: simulation.clock.now)
        simulation.world.withLock { world in
            world.tally[post.supplier].postsFailed += 1
            if let next { world.retries.append(next) }
        }
        logger.debug(
            "receipts were not taken",
            metadata: [LogKey.supplier: "\(post.supplier.rawValue)", LogKey.count: "\(post.entries.count)"]
        )
    }

    /// Whether the other side said in the supplier's way that it has the receipts.
    private func isTaken(_ request: HTTPRequest, by supplier: SimulatedSupplier) async -> Bool {
        // Whatever stands in the way, the post counts as not taken and is made again.
        guard let response = try? await http.send(request), response.status == 200 else { return false }
        var scanner = JSONScanner(response.body)
        return (try? Self.saysZero(&scanner, under: supplier)) == true
    }

    private static func saysZero(
        _ scanner: inout JSONScanner,
        under supplier: SimulatedSupplier
    ) throws(JSONError) -> Bool {
        var isZero = false
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            let isWord = supplier == .tencent ? key.equals("result") : key.equals("code")
            if isWord {
                isZero = try scanner.lenientInteger() == 0
            } else {
                try scanner.skip()
            }
        }
        return isZero
    }
}
