/// The body of `/api/registry` and `/api/registryRemove`: an instance says that it lives, or leaves.
package struct RegistryRequest: Hashable, WireMessage {
    /// The only group of registrations in use.
    package static let executorGroup = "EXECUTOR"

    /// The kind of registration: `EXECUTOR`.
    package var group: String
    /// The executor group's name.
    package var appName: String
    /// The base URL under which this instance is called; with or without a trailing slash.
    package var address: String
    /// Unguessable and new at each start of the executor's process; only ours send it, others ignore it.
    ///
    /// A changed instance under an unchanged address tells the scheduler that the earlier process is gone.
    package var instance: String?

    package init(
        appName: String,
        address: String,
        instance: String? = nil,
        group: String = RegistryRequest.executorGroup
    ) {
        self.group = group
        self.appName = appName
        self.address = address
        self.instance = instance
    }

    package init(wire: WireValue) throws(WireError) {
        let body = try WireObject(body: wire)
        group = try body.requiredText("registryGroup")
        appName = try body.requiredText("registryKey")
        address = try body.requiredText("registryValue")
        instance = body["instance"].text
    }

    package var wire: WireValue {
        var body = WireObject([
            "registryGroup": .text(group), "registryKey": .text(appName), "registryValue": .text(address),
        ])
        if let instance { body.append("instance", .text(instance)) }
        return .object(body)
    }
}

/// How one run ended, as an executor calls it back.
package struct CallbackItem: Hashable, WireMessage {
    /// The longest message that is sent or kept, in characters.
    package static let messageLimit = 15_000

    package var run: RunID
    /// What the run was handed as its planned instant; some clients put their own start here.
    package var plannedAt: Moment?
    /// 200, 500 or 502.
    package var code: Int
    package var message: String?

    /// How the run ended, in our own terms.
    package var outcome: RunOutcome { RunOutcome(code: code, message: message) }

    package init(run: RunID, plannedAt: Moment?, outcome: RunOutcome) {
        self.run = run
        self.plannedAt = plannedAt
        self.code = outcome.code
        self.message = outcome.message.map { String($0.prefix(CallbackItem.messageLimit)) }
    }

    /// Reads one element of any generation: the code under `handleCode` or `executeResult`, the instant under
    /// either spelling, and a message of any JSON kind as text.
    package init(wire: WireValue) throws(WireError) {
        let item = try WireObject(body: wire)
        let result = item["executeResult"].object ?? WireObject()
        run = RunID(rawValue: try item.requiredNumber("logId"))
        // The instant decides nothing, so one that cannot be read loses nobody their outcome.
        let planned = item["logDateTim"].wholeNumber ?? item["logDateTime"].wholeNumber
        plannedAt = planned.map(Moment.init(millisecondsSinceEpoch:))
        let code = try item["handleCode"].isNull ? result.number("code") : item.number("handleCode")
        guard let code else { throw WireError(.missing, member: "handleCode") }
        self.code = Int(clamping: code)
        let text = item["handleMsg"].text ?? result["msg"].text
        message = text.map { String($0.prefix(CallbackItem.messageLimit)) }
    }

    /// Every spelling at once, so that one body serves all generations.
    package var wire: WireValue {
        let planned = plannedAt.map { WireValue.integer($0.millisecondsSinceEpoch) } ?? .null
        let code = WireValue.integer(Int64(code))
        return .object([
            "logId": .integer(run.rawValue), "logDateTim": planned, "logDateTime": planned,
            "handleCode": code, "handleMsg": .optional(message),
            "executeResult": .object(["code": code, "msg": .optional(message)]),
        ])
    }
}

/// The body of `/api/callback`, in the array form and in the object form.
package struct CallbackBatch: Hashable, WireMessage {
    /// The two shapes of the body.
    package enum Shape: Hashable, Sendable {
        /// A bare array: every released scheduler.
        case array
        /// `{"callbackList":[…]}`: the generation to come.
        case object
    }

    /// The elements that could be read.
    package var items: [CallbackItem]
    /// Why each of the others could not; they fail nobody but themselves.
    package private(set) var rejected: [WireError] = []
    package var shape: Shape

    package init(_ items: [CallbackItem], shape: Shape = .array) {
        self.items = items
        self.shape = shape
    }

    /// Reads either shape.
    ///
    /// - Throws: `WireError` only when the body is neither.
    package init(wire: WireValue) throws(WireError) {
        let elements: [WireValue]
        if let list = wire.list {
            (elements, shape) = (list, .array)
        } else if let list = wire.object?["callbackList"].list {
            (elements, shape) = (list, .object)
        } else {
            throw WireError(.wrongKind)
        }
        items = []
        for element in elements {
            do {
                items.append(try CallbackItem(wire: element))
            } catch {
                rejected.append(error)
            }
        }
    }

    package var wire: WireValue {
        let list = WireValue.list(items.map(\.wire))
        return switch shape {
        case .array: list
        case .object: .object(["callbackList": list])
        }
    }
}
