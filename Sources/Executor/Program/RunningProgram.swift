import CSpawn
import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What is started: a program by its absolute path, and what it is told.
struct ProgramOrder: Sendable {
    let program: String
    let arguments: [String]
    var environment: [String: String]
}

/// How a program ended.
enum ProgramEnd: Hashable, Sendable {
    /// With an exit code.
    case exited(Int)
    /// By a signal.
    case killed(signal: Int)
}

/// One program while it runs, with all the processes that it starts.
///
/// Two threads of its own serve it: one starts it and reads what it writes, the other waits for its end. Its number
/// stays taken until everything that belongs to it is gone, so no signal can reach anybody else.
final class RunningProgram: Sendable {
    private struct State {
        /// The program's number, which its session and process group have too; nil before its start and after its end.
        var leader: pid_t?
        /// Members that were seen when a signal was sent: they may leave the session later.
        var known: Set<ProgramMembers.Member> = []
        /// The signal that was asked for last.
        var wanted: Int32?
        var end: Result<ProgramEnd, ProgramError>?
    }

    private let order: ProgramOrder
    private let account: ProgramAccount
    private let settings: ProgramSettings
    private let mark: String
    private let state = Mutex(State())
    /// Sends signals, which takes a look at all processes of the host.
    private let signals = DispatchQueue(label: "kpush.executor.program")

    init(_ order: ProgramOrder, as account: ProgramAccount, _ settings: ProgramSettings) {
        self.account = account
        self.settings = settings
        mark = "KPUSH_MARK=\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
        self.order = order
    }

    /// Starts the program and returns when it has ended, with everything that it started; to be called once.
    ///
    /// It does not look at the task's cancellation: `signal` is how a program is ended early.
    ///
    /// - Parameter line: takes each line of output, on a thread of its own.
    /// - Returns: how it ended.
    /// - Throws: `ProgramError` when it could not be started.
    func perform(_ line: @escaping @Sendable (String) -> Void) async throws(ProgramError) -> ProgramEnd {
        let end = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.live(line)) }
        }
        return try end.get()
    }

    /// Sends a signal to the program and all that belongs to it, also before it has started.
    func signal(_ number: Int32) {
        state.withLock { $0.wanted = number }
        signals.async { self.pass(number) }
    }

    private func pass(_ number: Int32) {
        state.withLock { state in
            guard let leader = state.leader else { return }
            state.known.formUnion(ProgramMembers.find(leader: leader, mark: mark))
            // A process that has just ended needs no signal.
            kill(-leader, number)
            for member in state.known where ProgramMembers.lives(member) { kill(member.pid, number) }
        }
    }

    // MARK: The thread that starts and reads

    private func live(_ line: (String) -> Void) -> Result<ProgramEnd, ProgramError> {
        var (output, ended): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        var error = kpush_pipe(&output)
        guard error == 0 else { return .failure(.system("open a pipe", error)) }
        defer { close(output[0]) }
        error = kpush_pipe(&ended)
        guard error == 0 else {
            close(output[1])
            return .failure(.system("open a pipe", error))
        }
        defer { close(ended[0]) }
        let started = start(writingTo: output[1])
        close(output[1])
        let leader: pid_t
        switch started {
        case .success(let pid): leader = pid
        case .failure(let error):
            close(ended[1])
            return .failure(error)
        }
        let wanted = state.withLock { state in
            state.leader = leader
            return state.wanted
        }
        if let wanted { pass(wanted) }
        let end = ended[1]
        Thread.detachNewThread {
            self.awaitEnd(of: leader)
            // Tells the reader: the other side of this pipe hangs up.
            close(end)
        }
        read(output[0], until: ended[0], line)
        return state.withLock { $0.end } ?? .failure(.system("wait for the program", ECHILD))
    }

    private func start(writingTo output: Int32) -> Result<pid_t, ProgramError> {
        let environment = order.environment.map { "\($0.key)=\($0.value)" } + [mark]
        return withCStrings([order.program] + order.arguments) { arguments in
            withCStrings(environment) { environment in
                order.program.withCString { program in
                    account.home.withCString { home in
                        var limits = kpush_spawn_limits()
                        limits.memory = UInt64(settings.memory)
                        limits.processes = UInt64(settings.processes)
                        limits.file_size = UInt64(settings.fileSize)
                        limits.cpu = UInt64(settings.cpuSeconds)
                        limits.open_files = UInt64(ProgramSettings.openFiles)
                        var order = kpush_spawn_order(
                            program: program,
                            arguments: arguments,
                            environment: environment,
                            folder: home,
                            output: output,
                            changes_user: account.isOther,
                            user: account.user,
                            group: account.group,
                            limits: limits
                        )
                        var (pid, step): (pid_t, Int32) = (0, 0)
                        let error = kpush_spawn(&order, &pid, &step)
                        return error == 0 ? .success(pid) : .failure(ProgramError(step: step, error: error))
                    }
                }
            }
        }
    }

    /// Reads until the program has ended and what it wrote is read.
    private func read(_ output: Int32, until ended: Int32, _ line: (String) -> Void) {
        _ = fcntl(output, F_SETFL, O_NONBLOCK)
        var lines = OutputLines(limit: settings.output)
        var watched = [
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: ended, events: Int16(POLLIN), revents: 0),
        ]
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            guard poll(&watched, nfds_t(watched.count), -1) >= 0 || errno == EINTR else { break }
            let isOver = watched[1].revents != 0
            // At its end what is in the pipe is read, and no more: somebody may have escaped who writes for ever.
            for _ in 0..<(isOver ? Self.lastReads : 1) {
                let count = systemRead(output, &piece, piece.count)
                if count > 0 { lines.take(piece[..<count], line) }
                // Nobody writes any more; a negative number is not watched.
                if count == 0 { watched[0].fd = -1 }
                if count <= 0 { break }
            }
            if isOver { break }
        }
        lines.finish(line)
    }

    /// A pipe holds 64 KiB, or what root has made of that; a read takes as much.
    private static let lastReads = 16

    // MARK: The thread that waits

    private func awaitEnd(of leader: pid_t) {
        let error = kpush_await_end(leader)
        guard error == 0 else {
            state.withLock { ($0.leader, $0.end) = (nil, .failure(.system("wait for the program", error))) }
            return
        }
        endRest(of: leader)
        state.withLock { state in
            var (code, signal): (Int32, Int32) = (0, 0)
            let error = kpush_reap(leader, &code, &signal)
            let end: ProgramEnd = signal > 0 ? .killed(signal: Int(signal)) : .exited(Int(code))
            state.end = error == 0 ? .success(end) : .failure(.system("wait for the program", error))
            state.leader = nil
        }
    }

    /// Ends what the program has left behind: at once, or, when it was asked to end, once its time for that is over.
    private func endRest(of leader: pid_t) {
        // Nothing tells that a process has ended which is nobody's child here; `signal` bounds the wait.
        while state.withLock({ $0.wanted.map { $0 != SIGKILL } ?? false }), hasMembers(leader) {
            usleep(20_000)
        }
        // A process may start another just before it is killed; one that is being killed takes a moment to go.
        for _ in 0..<Self.killRounds {
            pass(SIGKILL)
            guard hasMembers(leader) else { return }
            usleep(5_000)
        }
    }

    /// As long as a process needs to go that waits for a disk, and no fork bomb can hold the thread longer.
    private static let killRounds = 400

    private func hasMembers(_ leader: pid_t) -> Bool {
        let known = state.withLock { $0.known }
        return known.contains(where: ProgramMembers.lives)
            || !ProgramMembers.find(leader: leader, mark: mark).isEmpty
    }
}

/// `read(2)`, which the method of the same name would hide.
private let systemRead: @Sendable (Int32, UnsafeMutableRawPointer?, Int) -> Int = read

/// Calls `body` with C's form of a list of texts, which ends with a null pointer.
private func withCStrings<Result>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
}
