import Groundwork

/// Finds the server and opens connections to it.
///
/// Behind sentinels, only a server that itself says it is the master is taken: after a fail-over a sentinel may
/// not know yet, and the old master may not know either.
struct RedisDoor {
    private let settings: RedisSettings
    /// The sentinels, the one that answered last first.
    private var sentinels: [RedisSettings.Host]
    private let master: String

    init(_ settings: RedisSettings) {
        self.settings = settings
        switch settings.place {
        case .server: (sentinels, master) = ([], "")
        case .sentinels(let hosts, let name): (sentinels, master) = (hosts, name)
        }
    }

    /// Opens a connection that is logged in and looks at the database.
    mutating func open(until deadline: ContinuousClock.Instant) throws(RedisFailure) -> RedisLink {
        switch settings.place {
        case .server(let host): return try enter(host, until: deadline)
        case .sentinels: return try openMaster(until: deadline)
        }
    }

    private mutating func openMaster(
        until deadline: ContinuousClock.Instant
    ) throws(RedisFailure) -> RedisLink {
        var reasons: [String] = []
        for sentinel in sentinels {
            // One that is silent must not cost the time that the others need.
            let share = ContinuousClock.now.duration(to: deadline) / 2
            guard share > .zero else { break }
            do throws(RedisFailure) {
                let host = try ask(sentinel, until: .now + min(share, .milliseconds(700)))
                let link = try enter(host, until: .now + share)
                let role = try link.ask(["ROLE"], until: .now + share).array?.first?.text
                guard role == "master" else {
                    throw RedisFailure(.notSent, "\(host) is no master but \(role ?? "unknown")")
                }
                sentinels.removeAll { $0 == sentinel }
                sentinels.insert(sentinel, at: 0)
                return link
            } catch { reasons.append("\(sentinel): \(error.message)") }
        }
        throw RedisFailure(.notSent, "no master \(master): " + reasons.joined(separator: "; "))
    }

    /// Where a sentinel says that the master is.
    private func ask(
        _ sentinel: RedisSettings.Host,
        until deadline: ContinuousClock.Instant
    ) throws(RedisFailure) -> RedisSettings.Host {
        let link = try RedisLink(sentinel, until: deadline)
        let question: RedisCommand = ["SENTINEL", "get-master-addr-by-name", .text(master)]
        var answer: RedisValue
        do { answer = try link.ask(question, until: deadline) } catch {
            guard error.code == "NOAUTH" else { throw error }
            try logIn(to: link, until: deadline)
            answer = try link.ask(question, until: deadline)
        }
        guard let parts = answer.array, parts.count == 2, let name = parts[0].text,
            let port = parts[1].integer
        else { throw RedisFailure(.notSent, "it knows no master \(master)") }
        return RedisSettings.Host(name: name, port: Int(port))
    }

    private func enter(
        _ host: RedisSettings.Host,
        until deadline: ContinuousClock.Instant
    ) throws(RedisFailure) -> RedisLink {
        let link = try RedisLink(host, until: deadline)
        try logIn(to: link, until: deadline)
        if settings.database != 0 {
            _ = try link.ask(["SELECT", .integer(Int64(settings.database))], until: deadline)
        }
        _ = try link.ask(["CLIENT", "SETNAME", "kpush"], until: deadline)
        return link
    }

    private func logIn(to link: RedisLink, until deadline: ContinuousClock.Instant) throws(RedisFailure) {
        guard !settings.password.isEmpty else { return }
        var command: RedisCommand = ["AUTH"]
        if !settings.user.isEmpty { command.words.append(.text(settings.user)) }
        command.words.append(.text(settings.password.reveal()))
        _ = try link.ask(command, until: deadline)
    }
}
