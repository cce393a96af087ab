import Groundwork
import HTTPTypes
import Hummingbird
import PushEngine

/// What waits between those who accept and those who send, and what was given up.
struct QueueRoutes {
    let queue: any SendQueue

    func add(to api: some RouterMethods<ConsoleContext>) {
        api.route(.get, "api/v1/queue") { _ in
            let depths = try await queue.depths().sorted { $0.key.name < $1.key.name }
            return Answer.page(depths.map { $0.value.json(of: $0.key) })
        }
        api.route(.get, "api/v1/queue/dead") { call in
            let (before, limit) = try call.query { query in
                (try query.optional("before") as ListPlace?, try query.limit())
            }
            let found = try await queue.deadLetters(before: before, limit: limit)
            return Answer.page(found, limit: limit, next: { .text("\($0.place)") }, \.json)
        }
        api.route(.post, "api/v1/queue/dead/:batch/revive") { call in
            let batch: BatchID = try call.id("batch")
            do throws(StoreError) { try await queue.revive(batch) } catch {
                throw CatalogueFault(error, "dead letter of batch \(batch.rawValue)")
            }
            return NoContent()
        }
    }
}

extension QueueDepth {
    fileprivate func json(of lane: Lane) -> WireObject {
        [
            "lane": .text(lane.name), "ready": .number(ready), "claimed": .number(claimed),
            "waiting": .number(waiting),
        ]
    }
}

extension DeadLetter {
    fileprivate var json: WireObject {
        [
            "batch": .digits(message.batch.rawValue), "lane": .text(message.lane.name),
            "campaignRun": .id(message.campaignRun), "attempts": .number(attempts),
            "reason": .text(reason), "at": .instant(at),
        ]
    }
}
