package import Groundwork

/// What operators and programs ask about groups of executors.
package struct GroupService: Sendable {
    private let groups: any GroupStore
    private let registry: any RegistryStore
    private let jobs: any JobStore
    private let book: GroupBook
    private let bells: SchedulerBells
    private let wall: any WallClock

    /// The most addresses that a group may have.
    package static let mostAddresses = 500

    package init(_ parts: SchedulerParts) {
        groups = parts.groups
        registry = parts.registry
        jobs = parts.jobs
        book = parts.groupBook
        bells = parts.bells
        wall = parts.wall
    }

    /// All records, by name.
    package func list() async throws(SchedulerError) -> [ExecutorGroup] {
        try await storing { () async throws(StoreError) in try await groups.groups() }
    }

    /// The record.
    ///
    /// - Throws: `SchedulerError.notFound` when there is none.
    package func group(_ id: GroupID) async throws(SchedulerError) -> ExecutorGroup {
        guard let group = try await list().first(where: { $0.id == id }) else {
            throw .notFound("executor group \(id)")
        }
        return group
    }

    /// Adds a record.
    ///
    /// - Parameters:
    ///   - name: the app name; one of the usual form, or one that jobs or executors have already.
    ///   - title: what people call it.
    ///   - registration: how its executors are known.
    ///   - hasToken: whether it gets a token of its own.
    /// - Returns: the record, and the token, which is told only now.
    /// - Throws: `SchedulerError.invalid`, or `.conflict` when there is one of that name.
    package func create(
        _ name: String,
        title: String,
        registration: GroupRegistration,
        hasToken: Bool = false
    ) async throws(SchedulerError) -> (group: ExecutorGroup, token: Secret?) {
        var faults = Self.faults(title, registration)
        if !Self.isUsual(name), try await !isInUse(name) {
            let reason = "must be 4 to 64 of a-z, 0-9 and dash, beginning with a letter"
            faults.insert(FieldFault("name", reason), at: 0)
        }
        guard faults.isEmpty else { throw .invalid(faults) }
        let token = hasToken ? Self.newToken() : nil
        let new = NewGroup(name: name, title: title, registration: registration, token: token)
        let group = try await changing { () async throws(StoreError) in
            try await groups.add(new, at: wall.now)
        }
        return (group, token)
    }

    /// Changes a record; `version` is the one that was looked at.
    ///
    /// - Throws: `SchedulerError.invalid`, or `.conflict` when the record was changed since.
    package func update(
        _ id: GroupID,
        version: Int64,
        title: String,
        registration: GroupRegistration
    ) async throws(SchedulerError) -> ExecutorGroup {
        let faults = Self.faults(title, registration)
        guard faults.isEmpty else { throw .invalid(faults) }
        var group = try await group(id)
        guard group.version == version else { throw .conflict("executor group \(id) was changed meanwhile") }
        group.title = title
        group.registration = registration
        let changed = group
        return try await changing { () async throws(StoreError) in try await groups.replace(changed) }
    }

    /// Gives a group a new token of its own; executors that show another one have no access any more.
    ///
    /// - Returns: the token, which is told only now.
    /// - Throws: `SchedulerError.notFound` when there is no such record.
    package func renewToken(_ id: GroupID) async throws(SchedulerError) -> Secret {
        let token = Self.newToken()
        _ = try await changing { () async throws(StoreError) in
            try await groups.setToken(token, of: id, at: wall.now)
        }
        return token
    }

    /// Has a group's executors show the shared token.
    ///
    /// - Throws: `SchedulerError.notFound` when there is no such record.
    package func removeToken(_ id: GroupID) async throws(SchedulerError) {
        _ = try await changing { () async throws(StoreError) in
            try await groups.setToken(nil, of: id, at: wall.now)
        }
    }

    /// Removes a record.
    ///
    /// - Throws: `SchedulerError.conflict` while a job names the group.
    package func remove(_ id: GroupID) async throws(SchedulerError) {
        try await changing { () async throws(StoreError) in try await groups.remove(id, at: wall.now) }
    }

    /// Whether a name has the form that xxl-job 3.5 asks for.
    package static func isUsual(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        let isLower: (UInt8) -> Bool = { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (4...64).contains(bytes.count), isLower(bytes[0]) else { return false }
        return bytes.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    /// Whether a job or an executor has that group.
    private func isInUse(_ name: String) async throws(SchedulerError) -> Bool {
        try await storing { () async throws(StoreError) -> Bool in
            let named = try await jobs.jobs(JobFilter(group: name), after: nil, limit: 1)
            if !named.elements.isEmpty { return true }
            return try await registry.instances().contains { $0.group == name }
        }
    }

    private static func faults(_ title: String, _ registration: GroupRegistration) -> [FieldFault] {
        var faults: [FieldFault] = []
        if title.count > 64 || title.contains(where: \.isNewline) {
            faults.append(FieldFault("title", "must have at most 64 characters and no line break"))
        }
        let addresses = registration.addresses
        if registration.isManual, !(1...mostAddresses).contains(addresses.count) {
            faults.append(FieldFault("addresses", "must be 1 to \(mostAddresses) of a manual group"))
        }
        if Set(addresses).count < addresses.count {
            faults.append(FieldFault("addresses", "names the same address twice"))
        }
        return faults
    }

    /// 256 random bits, as digits that every configuration file can hold.
    private static func newToken() -> Secret {
        var random = SystemRandomNumberGenerator()
        return Secret((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }.hexDigits)
    }

    private func changing<Result: Sendable>(
        _ change: () async throws(StoreError) -> Result
    ) async throws(SchedulerError) -> Result {
        defer { book.turnPage() }
        let result = try await storing(change)
        bells.runsMayGo()
        bells.sweep.ring()
        return result
    }

    private func storing<Result: Sendable>(
        _ access: () async throws(StoreError) -> Result
    ) async throws(SchedulerError) -> Result {
        do { return try await access() } catch { throw SchedulerError(error) }
    }
}

extension GroupRegistration {
    /// Reads addresses that somebody wrote down.
    ///
    /// - Parameter texts: the addresses.
    /// - Throws: `SchedulerError.invalid` that names each that is none.
    package init(manual texts: [String]) throws(SchedulerError) {
        var addresses: [ExecutorAddress] = []
        var faults: [FieldFault] = []
        for (index, text) in texts.enumerated() {
            if let address = ExecutorAddress(text) {
                addresses.append(address)
            } else {
                let reason = "must be an http or https URL without user, query or fragment"
                faults.append(FieldFault("addresses[\(index)]", reason))
            }
        }
        guard faults.isEmpty else { throw .invalid(faults) }
        self = .manual(addresses)
    }
}
