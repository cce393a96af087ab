import CurlDriver
import Foundation
import Groundwork
import PushEngine
import Synchronization

/// Sends one message after the other over the API, each to a number of its own, and remembers what it was told.
final class APISender: Sendable {
    /// What became of the calls.
    struct Notes: Sendable {
        /// Calls that were answered with 200, by the number they were for.
        var accepted: [String: (message: Int64, at: Moment)] = [:]
        /// Numbers whose call may have arrived, and nobody said so.
        var unsure: Set<String> = []
        /// Calls that did not arrive.
        var unreached = 0
        /// Calls that were answered with 503.
        var putOff = 0
        /// Those of them that did not say when to come again.
        var putOffWithoutTime = 0
        /// Answers that no fault excuses, by status.
        var strange: [Int: Int] = [:]
        /// What one of the strange answers said.
        var sample = ""

        var calls: Int {
            accepted.count + unsure.count + unreached + putOff + strange.values.reduce(0, +)
        }
    }

    private let http = CurlHTTPClient()
    private let url: String
    private let token: String
    private let template: TemplateID
    private let period: Duration
    private let state = Mutex(Notes())

    /// The most calls that are out at the same time.
    private static let width = 64

    init(url: String, token: String, template: TemplateID, perSecond rate: Int) {
        self.url = url
        self.token = token
        self.template = template
        period = .seconds(1) / max(1, rate)
    }

    var notes: Notes { state.withLock { $0 } }

    /// The numbers that only this sender sends to: no generated crowd has any that begins so.
    static let prefix = "+86199"

    /// Sends until the task is cancelled, and waits for the answers that are due.
    func run() async {
        let clock = ContinuousClock()
        await withTaskGroup(of: Void.self) { group in
            var out = 0
            var number = 0
            var next = clock.now
            while !Task.isCancelled {
                if out == Self.width {
                    await group.next()
                    out -= 1
                }
                number += 1
                out += 1
                let receiver = Self.prefix + String(format: "%08d", number * 7 + 10_000)
                // Whoever is cancelled meanwhile still waits for the answer.
                group.addTask { await Task { await self.send(to: receiver) }.value }
                next += period
                // Being cancelled while asleep is noticed by the loop's condition.
                try? await clock.sleep(until: max(next, clock.now))
            }
            await group.waitForAll()
        }
    }

    func shutdown() {
        http.shutdown()
    }

    private func send(to receiver: String) async {
        let body: WireObject = [
            "code": "send", "messageTemplateId": .integer(template.rawValue),
            "messageParam": .object([
                "receiver": .text(receiver),
                "variables": .object(["code": .text(String(receiver.suffix(6)))]),
            ]),
        ]
        var request = HTTPRequest(
            url: url + "/api/v1/send",
            headers: [("authorization", "Bearer \(token)"), ("content-type", "application/json")],
            body: WireValue.object(body).json
        )
        request.timeouts = HTTPTimeouts(connect: .seconds(2), total: .seconds(40))
        do throws(HTTPError) {
            note(try await http.send(request), receiver)
        } catch {
            state.withLock { notes in
                if error.mayHaveArrived { notes.unsure.insert(receiver) } else { notes.unreached += 1 }
            }
        }
    }

    private func note(_ answer: HTTPResponse, _ receiver: String) {
        struct Taken: Decodable {
            struct Message: Decodable { let messageId: String }

            let data: [Message]
        }
        let now = SystemClock().now
        // An answer that cannot be read is a strange one.
        let taken = try? JSONDecoder().decode(Taken.self, from: Data(answer.body))
        state.withLock { notes in
            switch answer.status {
            case 200:
                if let id = taken?.data.first.flatMap({ Int64($0.messageId) }) {
                    notes.accepted[receiver] = (id, now)
                } else {
                    notes.strange[200, default: 0] += 1
                }
            case 503:
                notes.putOff += 1
                // A message may have been taken on although the answer is a refusal: the books tell.
                notes.unsure.insert(receiver)
                let hasTime = answer.headers.contains { $0.name == "retry-after" && Int($0.value) != nil }
                if !hasTime { notes.putOffWithoutTime += 1 }
            default:
                notes.strange[answer.status, default: 0] += 1
                notes.sample = String(decoding: answer.body.prefix(200), as: UTF8.self)
            }
        }
    }
}
