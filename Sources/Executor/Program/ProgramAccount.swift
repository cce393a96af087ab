import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The account that programs run as.
struct ProgramAccount: Hashable, Sendable {
    let user: uid_t
    let group: gid_t
    let home: String
    /// Whether it is another than the executor's own.
    let isOther: Bool

    /// Finds the account.
    ///
    /// - Parameter name: the account's name; nil for the executor's own.
    /// - Throws: `ExecutorError` with code `settings` when there is no such account, when it takes root to become it,
    ///   and when programs would run as root without anybody having said so.
    init(named name: String?) throws(ExecutorError) {
        let own = geteuid()
        guard let name else {
            guard own != 0 else {
                throw Self.unusable(
                    "must be set, since the executor runs as root and its programs should not"
                )
            }
            let entry = Self.entry { getpwuid_r(own, $0, $1, $2, $3) }
            (user, group, home, isOther) = (own, getegid(), entry?.home ?? "/", false)
            return
        }
        guard let entry = Self.entry({ getpwnam_r(name, $0, $1, $2, $3) }) else {
            throw Self.unusable("\(name) is no account of this host")
        }
        guard own == 0 || entry.user == own else {
            throw Self.unusable(
                "only root can run programs as \(name); start the executor as root, or leave it out"
            )
        }
        (user, group, home, isOther) = (entry.user, entry.group, entry.home, entry.user != own)
    }

    private static func unusable(_ reason: String) -> ExecutorError {
        ExecutorError(.settings, during: "user", detail: reason)
    }

    private typealias Find = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    private static func entry(_ find: Find) -> (user: uid_t, group: gid_t, home: String)? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        // Beyond what any entry takes.
        var texts = [CChar](repeating: 0, count: 64 << 10)
        return texts.withUnsafeMutableBufferPointer { texts in
            guard let base = texts.baseAddress, find(&entry, base, texts.count, &found) == 0, found != nil
            else { return nil }
            return (entry.pw_uid, entry.pw_gid, String(cString: entry.pw_dir))
        }
    }
}
