import Groundwork

/// Makes calls whose contents may refer to media files: with the supplier's own names for them in their place.
struct MediaCalls: Sendable {
    /// Nil where there are no media files.
    let keeper: MediaKeeper?

    /// Makes a call, and once more when the supplier has lost a file that it names.
    ///
    /// - Parameters:
    ///   - call: the call as it was rendered.
    ///   - entry: the account.
    ///   - mayBegin: whether a call may still begin.
    /// - Returns: how it ended.
    /// - Throws: why it was not made after all; nobody was sent anything.
    func send(
        _ call: SupplierCall,
        to entry: SupplierRoster.Entry,
        mayBegin: () -> Bool
    ) async throws(Refusal) -> SupplierReply {
        // What has no files costs nothing.
        guard let keeper, let door = entry.supplier.mediaDoor,
            call.contents.contains(where: MediaReference.mayOccur)
        else { return try await made(call, by: entry, mayBegin) }
        let names = try await self.names(of: call, at: entry, keeper)
        let reply = try await made(call.naming(names), by: entry, mayBegin)
        guard !names.isEmpty, reply.verdicts.allSatisfy({ $0.isMissingMedia(door) }) else { return reply }
        try await keeper.drop(names, at: entry.account.id)
        return try await made(call.naming(self.names(of: call, at: entry, keeper)), by: entry, mayBegin)
    }

    private func made(
        _ call: SupplierCall,
        by entry: SupplierRoster.Entry,
        _ mayBegin: () -> Bool
    ) async throws(Refusal) -> SupplierReply {
        // The last thing before the call: a process may stand still anywhere.
        guard mayBegin() else { throw Refusal(.transient, code: "held_up") }
        return await entry.supplier.send(call)
    }

    private func names(
        of call: SupplierCall,
        at entry: SupplierRoster.Entry,
        _ keeper: MediaKeeper
    ) async throws(Refusal) -> [MediaID: String] {
        var names: [MediaID: String] = [:]
        for media in Set(call.contents.flatMap(MediaReference.all)) {
            names[media] = try await keeper.reference(of: media, at: entry)
        }
        return names
    }
}

extension SupplierCall {
    /// The same call with the supplier's names for files.
    fileprivate func naming(_ names: [MediaID: String]) -> SupplierCall {
        guard !names.isEmpty else { return self }
        return SupplierCall(
            requestKey: requestKey,
            recipients: recipients,
            contents: contents.map { MediaReference.replaced(in: $0, by: names) },
            contentIndex: contentIndex,
            type: type
        )
    }
}

extension SupplierVerdict {
    fileprivate func isMissingMedia(_ door: any MediaDoor) -> Bool {
        if case .refused(let refusal) = self { door.isMediaMissing(refusal) } else { false }
    }
}
