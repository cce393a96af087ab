import GRDB
package import Groundwork
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Leases in the scheduler's file, for the processes of one host.
///
/// The end of a lease is counted in the host's uptime, which no change of the calendar moves and which all
/// its processes share. So that a restart after a crash need not wait for that end, a holder also locks a
/// file beside the database: the system frees the lock when the process dies, and whoever gets it knows that
/// the holder is gone. A holder that is stopped keeps its lock but not its lease.
package final class SQLiteLeaseKeeper: LeaseKeeper {
    private let database: SchedulerDatabase
    private let uptime: @Sendable () -> Duration
    private let boot: String
    private let locks = Mutex<[String: Int32]>([:])

    package convenience init(_ database: SchedulerDatabase) {
        self.init(database, boot: Self.currentBoot(), uptime: Self.currentUptime)
    }

    /// Makes a keeper that measures with a clock of the caller's.
    ///
    /// - Parameters:
    ///   - database: where the leases are.
    ///   - boot: names the time since which `uptime` counts.
    ///   - uptime: the time since then, the same for all keepers on one file.
    package init(_ database: SchedulerDatabase, boot: String, uptime: @escaping @Sendable () -> Duration) {
        self.database = database
        self.boot = boot
        self.uptime = uptime
    }

    deinit {
        locks.withLock { for descriptor in $0.values { close(descriptor) } }
    }

    package func acquire(
        _ name: String,
        holder: String,
        for duration: Duration
    ) async throws(LeaseError) -> Lease? {
        let gotLock = lock(name)
        do {
            let (now, boot) = (uptime().wholeMilliseconds, boot)
            let isLocked = gotLock || locks.withLock { $0[name] != nil }
            let token = try await database.write("acquire lease") { db in
                let arguments: StatementArguments = [
                    "name": name, "holder": holder, "is_locked": isLocked, "got_lock": gotLock, "boot": boot,
                    "now": now, "end": now + duration.wholeMilliseconds,
                ]
                return try Int64.fetchOne(db, sql: Self.take, arguments: arguments)
            }
            if let token {
                return Lease(holder: holder, token: FencingToken(rawValue: token), duration: duration)
            }
        } catch {
            if gotLock { unlock(name) }
            throw .unavailable(error.description)
        }
        if gotLock { unlock(name) }
        return nil
    }

    package func renew(_ name: String, _ lease: Lease) async throws(LeaseError) {
        // Whoever took over from a stopped process gets its lock once that process is gone.
        let isLocked = locks.withLock { $0[name] != nil } || lock(name)
        let (now, boot) = (uptime().wholeMilliseconds, boot)
        let isRenewed: Bool
        do {
            isRenewed = try await database.write("renew lease") { db in
                try db.execute(
                    cached: Self.prolong,
                    [
                        now + lease.duration.wholeMilliseconds, boot, isLocked, name, lease.token.rawValue,
                        lease.holder,
                    ]
                )
                return db.changesCount == 1
            }
        } catch {
            throw .unavailable(error.description)
        }
        guard !isRenewed else { return }
        unlock(name)
        throw .lost
    }

    package func release(_ name: String, _ lease: Lease) async {
        // A lease that cannot be given back runs out; the lock goes in any case.
        _ = try? await database.write("release lease") { db in
            try db.execute(sql: Self.giveBack, arguments: [name, lease.token.rawValue, lease.holder])
        }
        unlock(name)
    }

    package func waitForVacancy(
        _ name: String,
        atMost limit: Duration,
        on clock: any Clock<Duration>
    ) async {
        // The processes of one host have nobody who tells them; being cancelled is for the caller to notice.
        try? await clock.sleep(for: limit)
    }

    /// Whether the lock on the lease's file was free and is now ours.
    private func lock(_ name: String) -> Bool {
        locks.withLock { locks in
            guard locks[name] == nil else { return false }
            let descriptor = open("\(database.path).\(name).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return false }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                return false
            }
            locks[name] = descriptor
            return true
        }
    }

    private func unlock(_ name: String) {
        locks.withLock { locks in
            if let descriptor = locks.removeValue(forKey: name) { close(descriptor) }
        }
    }

    private static func currentUptime() -> Duration {
        var time = timespec()
        #if canImport(Glibc)
        clock_gettime(CLOCK_BOOTTIME, &time)
        #else
        clock_gettime(CLOCK_MONOTONIC, &time)
        #endif
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// Names this boot of the host; nothing where the host does not, and then a lease of the boot before runs
    /// out late.
    private static func currentBoot() -> String {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "r") else { return "" }
        defer { fclose(file) }
        var bytes = [CChar](repeating: 0, count: 64)
        guard fgets(&bytes, Int32(bytes.count), file) != nil else { return "" }
        let text = bytes.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: "\n")) }
        return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension SQLiteLeaseKeeper {
    private static let take = """
        INSERT INTO leases (name, token, holder, is_locked, boot, ends_at_uptime_ms)
        VALUES (:name, 1, :holder, :is_locked, :boot, :end)
        ON CONFLICT (name) DO UPDATE SET
            token = token + 1, holder = excluded.holder, is_locked = excluded.is_locked, boot = excluded.boot,
            ends_at_uptime_ms = excluded.ends_at_uptime_ms
        WHERE holder IN ('', excluded.holder) OR boot <> excluded.boot OR ends_at_uptime_ms <= :now
            OR (is_locked AND :got_lock)
        RETURNING token
        """

    private static let prolong = """
        UPDATE leases SET ends_at_uptime_ms = ?, boot = ?, is_locked = ?
        WHERE name = ? AND token = ? AND holder = ?
        """

    private static let giveBack = "UPDATE leases SET holder = '' WHERE name = ? AND token = ? AND holder = ?"
}
