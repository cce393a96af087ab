import Groundwork
import Synchronization

/// A simulated supplier of app push.
protocol PushDesk: CalledDesk {}

extension PushDesk {
    /// Puts a message to one device on the way that chance and the device's script set for it.
    ///
    /// - Parameters:
    ///   - message: the message.
    ///   - key: what tells the call from others.
    ///   - usedNextKey: whether the account's next key proved who called.
    ///   - now: the time.
    ///   - refusals: what the supplier says no with, by script; what it says over its rate under `.throttled`.
    ///   - answer: what it says to a message that has become an entry of the ledger.
    /// - Returns: the reply.
    /// - Throws: the refusal that the device's script asks for.
    func take(
        _ message: World.Message,
        key: String,
        usedNextKey: Bool,
        at now: Moment,
        refusals: [RecipientScript: SimulatedRefusal],
        answer: (_ entry: UInt32) -> SimulatedReply
    ) throws(SimulatedRefusal) -> SimulatedReply {
        let (course, script) = simulation.world.withLock { world in
            (world.course(of: [message.recipient], at: supplier), world.script(of: message.recipient))
        }
        guard course.isTaken else {
            if course.ending == .throttled, let refusal = refusals[.throttled] { throw refusal }
            return SimulatedReply(SimulatedReply(body: []), course: course)
        }
        if let script, let refusal = refusals[script] { throw refusal }
        let entry = simulation.world.withLock { world in
            world.accept(
                [message],
                by: supplier,
                usedNextKey: usedNextKey,
                key: Array(key.utf8)[...],
                at: now
            )
        }
        return SimulatedReply(answer(entry), course: course)
    }
}

extension SimulatedReply {
    /// An answer in JSON, whatever its status.
    init(status: Int = 200, json object: WireObject, headers: [(name: String, value: String)] = []) {
        self.init(status: status, body: WireValue.object(object).json)
        self.headers = [("Content-Type", "application/json; charset=UTF-8")] + headers
    }
}

extension SimulatedRequest {
    /// The body, when it is a JSON object and says so.
    var object: WireObject? {
        guard field("content-type")?.hasPrefix("application/json") == true else { return nil }
        return (try? WireValue(json: body))?.object
    }

    /// The body, when it is a form and says so.
    var form: FormParameters? {
        guard field("content-type")?.hasPrefix("application/x-www-form-urlencoded") == true else {
            return nil
        }
        return FormParameters(body)
    }

    /// What follows `Bearer` as the one who calls.
    var bearer: String? {
        guard let field = field("authorization"), field.lowercased().hasPrefix("bearer ") else { return nil }
        return String(field.dropFirst(7))
    }
}

extension WireObject {
    /// The same members without one.
    func without(_ key: String) -> WireObject {
        var rest = WireObject()
        for member in members where member.key != key { rest.append(member.key, member.value) }
        return rest
    }

    /// How long it is as JSON, in bytes.
    var size: Int { WireValue.object(self).json.count }

    /// Tells it from others.
    var hash: UInt64 { ContentHash.of(WireValue.object(self).json) }
}
