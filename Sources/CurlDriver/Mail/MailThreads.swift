import Dispatch
import Foundation
import Groundwork
import Synchronization

/// The threads that carry messages, one at a time each.
///
/// A message whose turn has come goes to a thread that rests, best to one that knows its server, and to a new one
/// otherwise. A thread that rests for as long as connections are kept goes away with its connections.
final class MailThreads: Sendable {
    /// Where a resting thread waits for its next message.
    ///
    /// `@unchecked Sendable`: what can change in it is read and written under the lock of the threads alone (`seat`, `leave`,
    /// `rest`).
    private final class Seat: @unchecked Sendable {
        /// The server it carried something to last.
        var origin: String
        var next: MailCall?
        let bell = DispatchSemaphore(value: 0)

        init(origin: String) {
            self.origin = origin
        }
    }

    private struct State {
        var turnstile: Turnstile<MailCall>
        var resting: [Seat] = []
        /// What threads carry, to be given up when the client ends.
        var carried: [ObjectIdentifier: MailCall] = [:]
        var isStopping = false
    }

    private let settings: CurlMailClientSettings
    private let state: Mutex<State>

    init(settings: CurlMailClientSettings) {
        self.settings = settings
        let turnstile = Turnstile<MailCall>(
            places: settings.inFlight,
            placesPerOrigin: settings.connectionsPerServer,
            waiting: settings.waiting
        )
        state = Mutex(State(turnstile: turnstile))
    }

    /// Carries `call` as soon as its turn comes.
    func submit(_ call: MailCall) {
        let problem: MailError? = state.withLock { state in
            if state.isStopping { return Self.isShutDown }
            if call.isCancelled.load(ordering: .relaxed) { return MailError(.cancelledBeforeEnd) }
            switch state.turnstile.arrive(call, at: call.origin) {
            case .enters:
                state.carried[ObjectIdentifier(call)] = call
                seat(call, &state)
            case .waits: expireInTime(call)
            case .isRefused: return MailError(.unreachable, detail: "too many messages wait for their turn")
            }
            return nil
        }
        if let problem { call.finish(.failure(problem)) }
    }

    /// Takes `call` off the line, or has the thread that carries it give up.
    func cancel(_ call: MailCall) {
        let waited = state.withLock { state in
            call.isCancelled.store(true, ordering: .relaxed)
            return state.turnstile.abandon { $0 === call }
        }
        for call in waited { call.finish(.failure(MailError(.cancelledBeforeEnd))) }
    }

    /// Lets all threads end; calls that have no answer yet are given up.
    func stop() {
        let waited = state.withLock { state in
            state.isStopping = true
            for call in state.carried.values { call.isCancelled.store(true, ordering: .relaxed) }
            for seat in state.resting { seat.bell.signal() }
            return state.turnstile.abandon { _ in true }
        }
        for call in waited { call.finish(.failure(Self.isShutDown)) }
    }

    private static let isShutDown = MailError(.unreachable, detail: "the client is shut down")

    /// Gives a call to a thread.
    private func seat(_ call: MailCall, _ state: inout State) {
        let place = state.resting.lastIndex { $0.origin == call.origin } ?? state.resting.indices.last
        guard let place else {
            let thread = Thread { [self] in run(call) }
            thread.name = "kpush-mail"
            return thread.start()
        }
        let seat = state.resting.remove(at: place)
        seat.next = call
        seat.bell.signal()
    }

    /// Ends a call whose turn does not come in time: nothing of it was written.
    private func expireInTime(_ call: MailCall) {
        let remaining = max(.zero, ContinuousClock.now.duration(to: call.deadline))
        let time = DispatchTime.now() + .milliseconds(Int(clamping: remaining.wholeMilliseconds))
        DispatchQueue.global()
            .asyncAfter(deadline: time) { [weak self, weak call] in
                guard let self, let call else { return }
                let waited = state.withLock { $0.turnstile.abandon { $0 === call } }
                for call in waited {
                    call.finish(.failure(MailError(.connectTimeout, detail: "no turn came in time")))
                }
            }
    }

    /// What a thread does: carries one message after another.
    private func run(_ first: MailCall) {
        var transfers = MailTransfers(settings: settings)
        let seat = Seat(origin: first.origin)
        var next: MailCall? = first
        while let call = next {
            let outcome = transfers.carry(call)
            next = leave(call, seat)
            call.finish(outcome)
            if next == nil { next = rest(seat) }
        }
    }

    /// Notes that a call is over; returns the next one for the same thread, which rests otherwise.
    private func leave(_ call: MailCall, _ seat: Seat) -> MailCall? {
        state.withLock { state in
            state.carried[ObjectIdentifier(call)] = nil
            seat.origin = call.origin
            let next = state.turnstile.leave(call.origin)
            if let next {
                state.carried[ObjectIdentifier(next)] = next
            } else if !state.isStopping {
                state.resting.append(seat)
            }
            return next
        }
    }

    /// Waits for the next call; nil when the thread is to end.
    private func rest(_ seat: Seat) -> MailCall? {
        let limit =
            DispatchTime.now() + .milliseconds(Int(clamping: settings.idleConnection.wholeMilliseconds))
        let isOver = state.withLock { $0.isStopping }
        let isRung = !isOver && seat.bell.wait(timeout: limit) == .success
        let next = state.withLock { state in
            state.resting.removeAll { $0 === seat }
            defer { seat.next = nil }
            return seat.next
        }
        // It came just when the waiting ended: the bell rings for it all the same.
        if next != nil, !isRung { seat.bell.wait() }
        return next
    }
}

/// The handles of one thread.
///
/// Connections that nothing secures are in a cache of their own: no message that must be secured ever finds one.
private struct MailTransfers {
    let settings: CurlMailClientSettings
    private var plain: MailTransfer?
    private var secured: MailTransfer?

    init(settings: CurlMailClientSettings) {
        self.settings = settings
    }

    mutating func carry(_ call: MailCall) -> Result<MailReply, MailError> {
        let isPlain = call.server.security == .plain
        guard let transfer = (isPlain ? plain : secured) ?? MailTransfer(settings: settings) else {
            return .failure(MailError(.unreachable, detail: "out of memory"))
        }
        if isPlain { plain = transfer } else { secured = transfer }
        return transfer.carry(call)
    }
}
