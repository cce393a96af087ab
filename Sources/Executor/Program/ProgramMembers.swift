import CSpawn
import Foundation
import Groundwork

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The processes that belong to one program: what it started, and what that started.
///
/// They are found by the session that the program leads, by descent from it, and by a mark in their environment: a
/// process escapes only when it leaves the session, has its environment cleared and outlives its parent, all three.
enum ProgramMembers {
    /// One process; a number that was given away anew is another one.
    struct Member: Hashable {
        let pid: pid_t
        /// When it started, in the system's ticks since boot.
        let start: UInt64
    }

    private struct Entry {
        let member: Member
        let parent: pid_t
        let session: pid_t
    }

    /// Kills what programs have left behind whose executor is gone; returns when it is gone too, or will not go within two seconds.
    ///
    /// It blocks its thread for so long.
    ///
    /// - Parameter mark: an assignment such as `NAME=value` that only their environments have.
    /// - Returns: how many processes were found.
    static func end(leftBy mark: String) -> Int {
        let deadline = ContinuousClock.now + patience
        var found: Set<Member> = []
        // Again and again: one may have started another before it ended.
        while true {
            let left = find(leader: nil, mark: mark).filter { $0.pid != getpid() }
            found.formUnion(left)
            for member in left where lives(member) { kill(member.pid, SIGKILL) }
            for member in left {
                let rest = ContinuousClock.now.duration(to: deadline).wholeMilliseconds
                // Where it cannot be awaited there is nothing more to do than what is done.
                guard rest > 0, kpush_await_any_end(member.pid, Int32(rest)) == 0 else { return found.count }
            }
            if left.isEmpty { return found.count }
        }
    }

    /// As long as a process needs to go that waits for a disk.
    private static let patience = Duration.seconds(2)

    /// The living members besides the leader itself.
    ///
    /// - Parameters:
    ///   - leader: the process that was started, the number of its session; nil when nobody knows it any more.
    ///   - mark: an assignment such as `NAME=value` that only its environment has.
    /// - Returns: each that is there right now.
    static func find(leader: pid_t?, mark: String) -> Set<Member> {
        let all = entries()
        let children = Dictionary(grouping: all, by: \.parent)
        var members: Set<Member> = []
        var open = all.filter { $0.session == leader || $0.parent == leader || carries(mark, $0.member.pid) }
        while let entry = open.popLast() {
            guard entry.member.pid != leader, members.insert(entry.member).inserted else { continue }
            open += children[entry.member.pid] ?? []
        }
        return members
    }

    /// Whether the process that was seen before is still there.
    static func lives(_ member: Member) -> Bool { entry(member.pid)?.member == member }

    /// All processes of this host that have not ended; none where there is no `/proc`.
    private static func entries() -> [Entry] {
        // Without it a program's own process group is all that is known of it.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.compactMap(entry)
    }

    private static func entry(_ pid: pid_t) -> Entry? {
        // The name is in parentheses and may hold any character, parentheses too.
        guard let stat = text("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        // proc(5): of those after the name, state is the first, ppid the second, session the fourth, starttime the 20th.
        guard fields.count >= 20, fields[0] != "Z", fields[0] != "X", let parent = pid_t(fields[1]),
            let session = pid_t(fields[3]), let start = UInt64(fields[19])
        else { return nil }
        return Entry(member: Member(pid: pid, start: start), parent: parent, session: session)
    }

    private static func carries(_ mark: String, _ pid: pid_t) -> Bool {
        text("/proc/\(pid)/environ")?.utf8.split(separator: 0).contains { $0.elementsEqual(mark.utf8) }
            ?? false
    }

    private static func text(_ path: String) -> String? {
        var bytes: [UInt8] = []
        // A process that has ended meanwhile, or that belongs to somebody else, is none of ours.
        let isThere = try? Disk.read(path, pieceSize: 4_096) { piece in
            bytes += piece
            return bytes.count < 1 << 20
        }
        return isThere == true ? String(decoding: bytes, as: UTF8.self) : nil
    }
}
