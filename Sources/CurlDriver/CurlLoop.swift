import CCurl
import Foundation
import Groundwork
import Synchronization

/// The thread that runs the multi handle: takes calls from its inbox, gives each its turn, and hands out answers.
///
/// libcurl: a multi handle and the easy handles in it belong to one thread at a time, here the loop's own.
/// Everything but the inbox is touched by the loop's thread alone.
final class CurlLoop: @unchecked Sendable {
    private enum Command {
        case start(CurlCall)
        case cancel(CurlCall)
    }

    private struct Inbox {
        var commands: [Command] = []
        /// Whether the thread has been woken for what is in the inbox.
        var isSignalled = false
        var isStopping = false
        /// Wakes the thread; nil once it is about to end.
        var bell: CurlWatch.Bell?
    }

    private static let isCurlReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let settings: CurlHTTPClientSettings
    private let inbox: Mutex<Inbox>
    private let multi: UnsafeMutableRawPointer?
    private let watch: CurlWatch?
    private var turnstile: Turnstile<CurlCall>
    private var resting: [CurlTransfer] = []
    private var carrying: [ObjectIdentifier: CurlTransfer] = [:]
    /// No call that waits for its turn runs out of time before this.
    private var nextExpiry: ContinuousClock.Instant?

    init(settings: CurlHTTPClientSettings) {
        self.settings = settings
        multi = Self.isCurlReady ? curl_multi_init() : nil
        watch = multi.flatMap(CurlWatch.init)
        inbox = Mutex(Inbox(bell: watch?.bell))
        turnstile = Turnstile(
            places: settings.inFlight,
            placesPerOrigin: settings.connectionsPerHost,
            waiting: settings.waiting
        )
    }

    /// Starts the thread, which lives until `stop()`.
    func start() {
        guard let multi, watch != nil else { return }
        _ = kpush_curl_multi_set_long(
            multi,
            CURLMOPT_MAXCONNECTS,
            max(1, settings.inFlight)
        )
        let thread = Thread { [self] in run() }
        thread.name = "kpush-curl"
        thread.start()
    }

    /// Lets the thread end; calls that have no answer yet end at once.
    func stop() {
        inbox.withLock { inbox in
            inbox.isStopping = true
            Self.ring(&inbox)
        }
    }

    func submit(_ call: CurlCall) {
        let isTaken = inbox.withLock { inbox in
            guard inbox.bell != nil, !inbox.isStopping else { return false }
            inbox.commands.append(.start(call))
            Self.ring(&inbox)
            return true
        }
        if !isTaken { call.finish(.failure(HTTPError(.unreachable, detail: "the client is shut down"))) }
    }

    func cancel(_ call: CurlCall) {
        inbox.withLock { inbox in
            guard inbox.bell != nil else { return }
            inbox.commands.append(.cancel(call))
            Self.ring(&inbox)
        }
    }

    private static func ring(_ inbox: inout Inbox) {
        guard let bell = inbox.bell, !inbox.isSignalled else { return }
        inbox.isSignalled = true
        bell.ring()
    }

    // The rest runs on the loop's thread.

    private func run() {
        guard let multi, let watch else { return }
        while true {
            let (commands, isStopping) = inbox.withLock { inbox in
                defer {
                    inbox.commands.removeAll(keepingCapacity: true)
                    inbox.isSignalled = false
                }
                return (inbox.commands, inbox.isStopping)
            }
            for command in commands { obey(command, multi) }
            if isStopping { break }
            expireWaiting()
            watch.wait(until: nextExpiry)
            handOutAnswers(multi)
        }
        close(multi)
    }

    private func obey(_ command: Command, _ multi: UnsafeMutableRawPointer) {
        switch command {
        case .start(let call):
            call.isTaken = true
            guard !call.isCancelled else { return call.finish(.failure(HTTPError(.cancelledBeforeWrite))) }
            switch turnstile.arrive(call, at: call.origin) {
            case .enters:
                begin(call, multi)
            case .waits:
                nextExpiry = min(nextExpiry ?? call.deadline, call.deadline)
            case .isRefused:
                call.finish(.failure(HTTPError(.unreachable, detail: "too many calls wait for their turn")))
            }
        case .cancel(let call):
            call.isCancelled = true
            guard call.isTaken, call.continuation != nil else { return }
            var code = HTTPError.Code.cancelledBeforeWrite
            if let transfer = call.transfer {
                if transfer.hasWritten { code = .cancelled }
                curl_multi_remove_handle(multi, transfer.handle)
                _ = transfer.rest()
                retire(transfer, origin: call.origin, multi)
            } else {
                _ = turnstile.abandon { $0 === call }
            }
            call.finish(.failure(HTTPError(code)))
        }
    }

    private func begin(_ call: CurlCall, _ multi: UnsafeMutableRawPointer) {
        var next: CurlCall? = call
        while let call = next {
            next = nil
            let remaining = ContinuousClock.now.duration(to: call.deadline)
            var failure = HTTPError(.connectTimeout, detail: "no turn came in time")
            if remaining > .zero {
                guard let problem = put(call, remaining: remaining, multi) else { return }
                failure = problem
            }
            call.finish(.failure(failure))
            next = turnstile.leave(call.origin)
        }
    }

    /// Puts `call` on the wire; returns why not when it cannot.
    private func put(_ call: CurlCall, remaining: Duration, _ multi: UnsafeMutableRawPointer) -> HTTPError? {
        guard let transfer = resting.popLast() ?? CurlTransfer(settings: settings) else {
            return HTTPError(.unreachable, detail: "out of memory")
        }
        let result = transfer.carry(call, remaining: remaining)
        guard result == CURLE_OK, curl_multi_add_handle(multi, transfer.handle) == CURLM_OK else {
            _ = transfer.rest()
            resting.append(transfer)
            return HTTPError(
                result == CURLE_URL_MALFORMAT ? .badURL : .unreachable,
                detail: "cannot be set up"
            )
        }
        carrying[ObjectIdentifier(transfer)] = transfer
        return nil
    }

    private func handOutAnswers(_ multi: UnsafeMutableRawPointer) {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else {
                continue
            }
            // The message dies with the handle's removal: read it first.
            let result = kpush_curl_message_result(message)
            var context: UnsafeMutableRawPointer?
            _ = kpush_curl_get_pointer(easy, CURLINFO_PRIVATE, &context)
            curl_multi_remove_handle(multi, easy)
            guard let transfer = CurlTransfer.from(context), let origin = transfer.call?.origin else {
                continue
            }
            transfer.conclude(result)
            retire(transfer, origin: origin, multi)
        }
    }

    /// Lets a handle rest and whoever waits for its place go next.
    private func retire(_ transfer: CurlTransfer, origin: String, _ multi: UnsafeMutableRawPointer) {
        carrying[ObjectIdentifier(transfer)] = nil
        resting.append(transfer)
        if let next = turnstile.leave(origin) { begin(next, multi) }
    }

    /// Ends the calls whose time ran out before their turn came: nothing of them was written.
    private func expireWaiting() {
        guard let expiry = nextExpiry, turnstile.waiting > 0 else {
            nextExpiry = nil
            return
        }
        let now = ContinuousClock.now
        guard now >= expiry else { return }
        var earliest: ContinuousClock.Instant?
        let expired = turnstile.abandon { call in
            if call.deadline <= now { return true }
            earliest = min(earliest ?? call.deadline, call.deadline)
            return false
        }
        nextExpiry = earliest
        for call in expired {
            call.finish(.failure(HTTPError(.connectTimeout, detail: "no turn came in time")))
        }
    }

    private func close(_ multi: UnsafeMutableRawPointer) {
        let leftOver = inbox.withLock { inbox in
            inbox.bell = nil
            defer { inbox.commands = [] }
            return inbox.commands
        }
        for case .start(let call) in leftOver {
            call.finish(.failure(HTTPError(.unreachable, detail: "the client is shut down")))
        }
        for call in turnstile.abandon(where: { _ in true }) {
            call.finish(.failure(HTTPError(.unreachable, detail: "the client is shut down")))
        }
        for transfer in carrying.values {
            curl_multi_remove_handle(multi, transfer.handle)
            transfer.rest()?.finish(.failure(HTTPError(.cancelled, detail: "the client is shut down")))
        }
        carrying = [:]
        resting = []
        curl_multi_cleanup(multi)
    }
}
