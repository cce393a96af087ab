import CCurl
import Foundation
import Groundwork

/// What the loop's thread waits for: sockets that libcurl named, the time it asked for, and a bell.
///
/// libcurl is told which socket is ready and looks at that one's transfer. Asked what there is to do, as by
/// `curl_multi_perform`, it would look at all of them each time, with a system call for most.
///
/// Once made, touched by the loop's thread alone, but for `bell`.
final class CurlWatch {
    /// Wakes the thread while it waits, or the next time that it does.
    let bell: Bell
    private let multi: UnsafeMutableRawPointer
    private let epoll: Int32
    /// When libcurl wants to be called if no socket is ready before.
    private var deadline: ContinuousClock.Instant?
    private var events = [epoll_event](repeating: epoll_event(), count: 256)

    /// Watches the sockets of `multi`; nil when the system has no descriptors left.
    init?(_ multi: UnsafeMutableRawPointer) {
        guard let bell = Bell() else { return nil }
        let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { return nil }
        self.multi = multi
        self.bell = bell
        self.epoll = epoll
        guard watch(bell.descriptor, EPOLLIN.rawValue, EPOLL_CTL_ADD) else { return nil }
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = kpush_curl_multi_set_watcher(multi) { _, socket, wish, context, known in
            CurlWatch.from(context)?.note(socket, wish, isKnown: known != nil)
            return 0
        }
        _ = kpush_curl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context)
        _ = kpush_curl_multi_set_timer(multi) { _, milliseconds, context in
            CurlWatch.from(context)?.note(milliseconds: milliseconds)
            return 0
        }
        _ = kpush_curl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context)
    }

    /// To be let go of after the multi handle, which tells it of each socket that it closes.
    deinit { close(epoll) }

    /// Waits until there is something to do, and has libcurl do it.
    ///
    /// - Parameter limit: the latest instant at which it returns; nil for none.
    func wait(until limit: ContinuousClock.Instant?) {
        var running: Int32 = 0
        for event in ready(until: limit) {
            guard event.data.fd != bell.descriptor else {
                bell.silence()
                continue
            }
            curl_multi_socket_action(multi, event.data.fd, Self.readiness(event.events), &running)
        }
        guard let deadline, deadline <= .now else { return }
        self.deadline = nil
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
    }

    /// The sockets that are ready at the earlier of `limit` and the deadline, or before.
    private func ready(until limit: ContinuousClock.Instant?) -> ArraySlice<epoll_event> {
        let end = [limit, deadline].compactMap { $0 }.min()
        var milliseconds: Int32 = -1
        if let end {
            let left = ContinuousClock.now.duration(to: end)
            // Rounded up: called too early, libcurl would only ask for the rest.
            milliseconds = left <= .zero ? 0 : Int32(clamping: left.wholeMilliseconds + 1)
        }
        let count = epoll_wait(epoll, &events, Int32(events.count), milliseconds)
        return events.prefix(max(0, Int(count)))
    }

    /// What is to be tried at a socket; one that has failed is tried too, which tells why.
    private static func readiness(_ events: UInt32) -> Int32 {
        let hasFailed = events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        let reads = hasFailed || events & EPOLLIN.rawValue != 0
        let writes = hasFailed || events & EPOLLOUT.rawValue != 0
        return (reads ? CURL_CSELECT_IN : 0) | (writes ? CURL_CSELECT_OUT : 0)
    }

    private func note(_ socket: curl_socket_t, _ wish: Int32, isKnown: Bool) {
        guard wish != CURL_POLL_REMOVE else {
            _ = epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nil)
            return
        }
        var events: UInt32 = 0
        if wish & CURL_POLL_IN != 0 { events |= EPOLLIN.rawValue }
        if wish & CURL_POLL_OUT != 0 { events |= EPOLLOUT.rawValue }
        // A number that the system gave out again is new to it, or the other way round.
        let (likely, other) =
            isKnown ? (EPOLL_CTL_MOD, EPOLL_CTL_ADD) : (EPOLL_CTL_ADD, EPOLL_CTL_MOD)
        if !watch(socket, events, likely) { _ = watch(socket, events, other) }
        // Comes back with the next wish for the socket; any address does.
        if !isKnown { curl_multi_assign(multi, socket, Unmanaged.passUnretained(self).toOpaque()) }
    }

    private func watch(_ descriptor: Int32, _ events: UInt32, _ change: Int32) -> Bool {
        var event = epoll_event(events: events, data: epoll_data_t(fd: descriptor))
        return epoll_ctl(epoll, change, descriptor, &event) == 0
    }

    private func note(milliseconds: Int) {
        deadline = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> CurlWatch? {
        context.map { Unmanaged<CurlWatch>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Rung by any thread, heard by the one that waits.
    final class Bell: Sendable {
        fileprivate let descriptor: Int32

        fileprivate init?() {
            descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
            guard descriptor >= 0 else { return nil }
        }

        deinit { close(descriptor) }

        func ring() {
            var one: UInt64 = 1
            _ = write(descriptor, &one, MemoryLayout.size(ofValue: one))
        }

        fileprivate func silence() {
            var rings: UInt64 = 0
            _ = read(descriptor, &rings, MemoryLayout.size(ofValue: rings))
        }
    }
}
