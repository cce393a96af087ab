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
            let posts = simulation.world.withLock {
                $0.takePosts(of: simulation.desks, at: simulation.clock.now)
            }
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
        let desk = simulation.desk(post.supplier)
        let signature = simulation.settings.credentials[post.supplier].signName
        let request =
            post.answer.flatMap { desk.post(of: $0, to: post.url, under: signature) }
            ?? simulation.world.withLock { desk.post(of: post.entries, to: post.url, in: $0.ledger) }
        // Whatever stands in the way, the post counts as not taken and is made again.
        if let response = try? await http.send(request), desk.isTaken(response) {
            simulation.world.withLock { $0.tally[post.supplier].receiptsSent += post.entries.count }
            return
        }
        let next = post.next(desk.postWaits, after: simulation.clock.now)
        simulation.world.withLock { world in
            world.tally[post.supplier].postsFailed += 1
            if let next { world.retries.append(next) }
        }
        logger.debug(
            "receipts were not taken",
            metadata: [LogKey.supplier: "\(post.supplier.rawValue)", LogKey.count: "\(post.entries.count)"]
        )
    }
}

extension HTTPRequest {
    /// A post of receipts.
    static func receipts(
        _ body: [UInt8],
        to url: String,
        as contentType: String = "application/json; charset=utf-8"
    ) -> HTTPRequest {
        HTTPRequest(
            url: url,
            headers: [("Content-Type", contentType)],
            body: body,
            timeouts: HTTPTimeouts(connect: .seconds(3), total: .seconds(5))
        )
    }
}
